"""The use cases, where the rooms meet: this is the public Python API.

Each function takes `Settings` (see `alembic_safe.settings.load_settings`) and an event sink, returns a result
of `alembic_safe.model.results` whose `exit` is the command's exit status, and raises `AlembicSafeError` where
there is no result to return. Functions are imported late, so that one use does not pay for all.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from alembic_safe.quick import lazily

if TYPE_CHECKING:
    from alembic_safe.workflow.backups import create_backup, list_backups, verify_backup
    from alembic_safe.workflow.check import check
    from alembic_safe.workflow.doctor import doctor
    from alembic_safe.workflow.explain import explain
    from alembic_safe.workflow.history import history
    from alembic_safe.workflow.identifying import identify
    from alembic_safe.workflow.initialise import initialise
    from alembic_safe.workflow.migrate import downgrade, upgrade
    from alembic_safe.workflow.plan import dry_run, plan
    from alembic_safe.workflow.pruning import prune_backups
    from alembic_safe.workflow.recovering import recover
    from alembic_safe.workflow.rehearse import rehearse
    from alembic_safe.workflow.restoring import restore_backup
    from alembic_safe.workflow.stamping import stamp
    from alembic_safe.workflow.status import status

_HOMES = {
    "create_backup": "backups",
    "list_backups": "backups",
    "verify_backup": "backups",
    "check": "check",
    "doctor": "doctor",
    "explain": "explain",
    "history": "history",
    "identify": "identifying",
    "initialise": "initialise",
    "downgrade": "migrate",
    "upgrade": "migrate",
    "dry_run": "plan",
    "plan": "plan",
    "prune_backups": "pruning",
    "rehearse": "rehearse",
    "recover": "recovering",
    "restore_backup": "restoring",
    "stamp": "stamping",
    "status": "status",
}

__all__ = [
    "check",
    "create_backup",
    "doctor",
    "downgrade",
    "dry_run",
    "explain",
    "history",
    "identify",
    "initialise",
    "list_backups",
    "plan",
    "prune_backups",
    "recover",
    "rehearse",
    "restore_backup",
    "stamp",
    "status",
    "upgrade",
    "verify_backup",
]


__getattr__ = lazily(__name__, _HOMES)


class _Api(ModuleType):
    """Keeps a function's name for the function: importing `workflow.check` would bind the module to it."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Api
