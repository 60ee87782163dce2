"""The commands, one a file, in the order that help lists them."""

from alembic_safe.cli.command import Command
from alembic_safe.cli.commands import (
    backup_create,
    backup_list,
    backup_prune,
    backup_restore,
    backup_verify,
    check,
    doctor,
    downgrade,
    explain,
    history,
    identify,
    init,
    plan,
    recover,
    rehearse,
    stamp,
    status,
    upgrade,
)

COMMANDS: tuple[Command, ...] = (
    upgrade.COMMAND,
    downgrade.COMMAND,
    plan.COMMAND,
    check.COMMAND,
    rehearse.COMMAND,
    status.COMMAND,
    identify.COMMAND,
    stamp.COMMAND,
    recover.COMMAND,
    doctor.COMMAND,
    history.COMMAND,
    backup_create.COMMAND,
    backup_list.COMMAND,
    backup_verify.COMMAND,
    backup_restore.COMMAND,
    backup_prune.COMMAND,
    explain.COMMAND,
    init.COMMAND,
)
GROUPS: dict[str, str] = {"backup": "Make, list, verify, restore and prune backups."}

__all__ = ["COMMANDS", "GROUPS"]
