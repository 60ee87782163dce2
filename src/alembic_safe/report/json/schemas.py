"""The JSON Schema of each command's document, made from the dataclasses of `model` as they are written.

Written out here rather than by pydantic, whose generated text differs between the versions we allow. Pure.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from alembic_safe.model.identified import IdentifyResult, StampResult
from alembic_safe.model.recovery import RecoverResult
from alembic_safe.model.rehearsals import RehearseResult
from alembic_safe.model.results import (
    ApplyResult,
    BackupResult,
    CheckResult,
    DoctorResult,
    ExplainResult,
    HistoryResult,
    InitResult,
    PlanResult,
    PruneResult,
    RestoreResult,
    StatusResult,
)
from alembic_safe.report.json.documents import VERSION, schema_name

RESULTS: dict[str, type] = {
    "upgrade": ApplyResult,
    "downgrade": ApplyResult,
    "plan": PlanResult,
    "check": CheckResult,
    "rehearse": RehearseResult,
    "status": StatusResult,
    "identify": IdentifyResult,
    "stamp": StampResult,
    "recover": RecoverResult,
    "history": HistoryResult,
    "backup create": BackupResult,
    "backup list": BackupResult,
    "backup verify": BackupResult,
    "backup prune": PruneResult,
    "backup restore": RestoreResult,
    "doctor": DoctorResult,
    "explain": ExplainResult,
    "init": InitResult,
}

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    # JSON has no infinities: such a number is written as null.
    float: {"type": ["number", "null"]},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `alembic-safe COMMAND --format json` writes."""
    shapes: dict[str, Any] = {}
    result = RESULTS[command]
    made = _dataclass(result, shapes)
    own = {"schema": {"const": schema_name(command)}, "version": {"const": VERSION}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"alembic-safe {command} --format json",
        "description": made["description"],
        "type": "object",
        "required": [*own, *made["required"]],
        "properties": {**own, **made["properties"]},
        "$defs": dict(sorted(shapes.items())),
    }


def _dataclass(shape: type, shapes: dict[str, Any]) -> dict[str, Any]:
    """A dataclass as an object whose every field is required: every field is always written."""
    hints = get_type_hints(shape)
    names = [field.name for field in fields(shape)]
    return {
        "type": "object",
        "description": " ".join((inspect.getdoc(shape) or "").split()),
        "required": names,
        "properties": {name: _schema(hints[name], shapes) for name in names},
    }


def _schema(hint: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if isinstance(hint, type) and is_dataclass(hint):
        if hint.__name__ not in shapes:
            shapes[hint.__name__] = {}  # so that a shape that holds itself ends
            shapes[hint.__name__] = _dataclass(hint, shapes)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(argument, shapes) for argument in arguments]}
    if origin is tuple:
        return _tuple(arguments, shapes)
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], shapes)}
    raise TypeError(f"no JSON Schema is known for {hint}")


def _tuple(arguments: tuple[Any, ...], shapes: dict[str, Any]) -> dict[str, Any]:
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], shapes)}
    items = [_schema(argument, shapes) for argument in arguments]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
