"""`recover --bundle`: everything that a colleague needs, in one file that holds no secret."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.cli.versions import versions
from alembic_safe.errors import UsageError
from alembic_safe.report.json.documents import document

if TYPE_CHECKING:
    from alembic_safe.model.recovery import RecoverResult
    from alembic_safe.settings import Settings


_DEFINITIONS = ("expected", "found", "sql")


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, key) for one in value]
    if not isinstance(value, str):
        return value
    if key == "text":
        return "" if not value else "left out here: `alembic-safe recover --format json` has it"
    return mask_sql(value) if key in _DEFINITIONS else value


def write_bundle(file: Path, result: RecoverResult, settings: Settings) -> None:
    """Write the document of `recover` with settings and versions to `file`, readable by its owner alone.

    Statements are masked in the journal already, and secrets where settings are shown; definitions of the schema are
    masked here, and a revision's source is left out, of which the hash stands. Raises `UsageError`.
    """
    whole = {
        **_masked(document("recover", result)),
        "schema": "alembic-safe/recover-bundle",
        "settings": {one.name: {"value": one.value, "from": one.origin} for one in settings.effective()},
        "versions": versions().splitlines(),
    }
    text = json.dumps(whole, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f"--bundle: {file} cannot be written: {error.strerror}", hint="Name another file."
        ) from None
