"""A result to its JSON document. The form is that of the dataclasses in `model`, field by field.

Every document begins with `schema`, `version` and `exit`. A field may be added under the same version;
one is renamed or removed only with a new one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from alembic_safe.model.results import PlanResult, Result

VERSION = 1


def schema_name(command: str) -> str:
    """`alembic-safe/backup-create`, for the command as it is typed."""
    return f"alembic-safe/{command.replace(' ', '-')}"


def document(command: str, result: Result) -> dict[str, Any]:
    """The document as Python values that JSON has."""
    body = plain(result)
    # `upgrade --dry-run` gives a plan
    name = "plan" if isinstance(result, PlanResult) else command
    return {"schema": schema_name(name), "version": VERSION, "exit": body.pop("exit"), **body}


def render(command: str, result: Result) -> str:
    """The document as text that ends with a line end.

    ASCII only: what a terminal would obey, and half of a surrogate pair, leave as an escape.
    """
    return json.dumps(document(command, result), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A value of the model as JSON has it: a time as RFC 3339 in UTC, a tuple as a list, a path as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
