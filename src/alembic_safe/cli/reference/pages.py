"""Every page of the reference by its name. Pure."""

from __future__ import annotations

import json

from alembic_safe.cli.reference.commands import commands_page
from alembic_safe.cli.reference.exits import exits_page
from alembic_safe.cli.reference.settings import settings_page
from alembic_safe.report.json.schemas import RESULTS, schema


def pages() -> dict[str, str]:
    """File names relative to docs/reference, and the text of each, which ends with a line end."""
    made = {"settings.md": settings_page(), "cli.md": commands_page(), "exit-status.md": exits_page()}
    made["json/README.md"] = _json_page()
    for command in RESULTS:
        made[f"json/{_file(command)}"] = json.dumps(schema(command), indent=2) + "\n"
    return made


def _file(command: str) -> str:
    return f"{command.replace(' ', '-')}.schema.json"


def _json_page() -> str:
    rows = "\n".join(f"| `alembic-safe {c} --format json` | [{_file(c)}]({_file(c)}) |" for c in RESULTS)
    return f"""\
# JSON documents

With `--format json` a command writes one document to standard output (or to `--output FILE`), whatever
became of it. Progress and errors for people go to standard error as ever.

Every document begins with `schema` (`alembic-safe/<command>`), `version` and `exit`, the exit status.
`error` is null, or holds `kind` (the class of the error), `message`, `hint` and `detail`. A command
that failed before it had a result writes the same document with empty lists.

Times are RFC 3339 in UTC, durations seconds, sizes bytes. Under one `version` fields may be added; none is
renamed or removed.

| command | schema |
|---|---|
{rows}
"""
