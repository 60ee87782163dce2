"""The command line: flags to settings, result to report and exit status. No logic.

Nothing here may import alembic, SQLAlchemy, sqlglot, pydantic, rich or a driver before a command runs:
`alembic-safe --help` has no time for them.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The `alembic-safe` command. Ends the process with the exit status."""
    from alembic_safe.cli.ahead import begun

    with begun(sys.argv[1:]):
        from alembic_safe.cli.entry import run

        raise SystemExit(run())


__all__ = ["main"]
