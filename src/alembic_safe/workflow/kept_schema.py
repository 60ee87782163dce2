"""The schema after a history, kept by what it was made of, so that judging one revision need not replay all.

Kept as JSON in the user's cache folder, never pickled: a file that is not what it should be is only ignored. Its
name is a digest of everything that the schema follows from; it is never wrong, only there or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from alembic_safe import __version__
from alembic_safe.sql import Schema

_MOST = 30
_READERS = ("sql", "model/facts.py")


def kept_folder(environ: Mapping[str, str]) -> Path | None:
    """Where schemas of this very reader are kept, made if it is not there; None where nothing can be written."""
    return cache_folder(environ, "schemas", _reader())


def cache_folder(environ: Mapping[str, str], *names: str) -> Path | None:
    """A folder of ours in the user's cache, made if it is not there; None where nothing can be written."""
    home = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    if not Path(home).is_absolute():
        return None
    folder = Path(home, "alembic-safe", *names)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def read_schema(file: Path) -> Schema | None:
    """The schema that is kept there; None where there is none, or something else."""
    try:
        schema: Schema = _decoder(Schema)(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    with contextlib.suppress(OSError):
        os.utime(file)
    return schema


def keep_schema(file: Path, schema: Schema) -> None:
    """Keep it, and no more than a few in the folder. A folder that cannot be written keeps nothing."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError, RecursionError):
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            json.dump(_plain(schema), stream, separators=(",", ":"))
        beside.replace(file)
        newest = sorted(file.parent.glob("*.json"), key=lambda path: -path.stat().st_mtime)
        for old in newest[_MOST:]:
            old.unlink(missing_ok=True)


@cache
def _reader() -> str:
    """A digest of the code that makes schemas."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(__version__.encode())
    for name in _READERS:
        path = package / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    """A function from what JSON gives to a value of the declared type. It raises on anything else."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = tuple(_decoder(hints[field.name]) for field in fields(hint))

        def build(value: list[Any]) -> Any:
            return hint(*(part(item) for part, item in zip(parts, value, strict=True)))

        return build
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (_decoder(one) for one in arguments if one is not type(None))
        return lambda value: None if value is None else inner(value)
    if origin is frozenset:
        return frozenset
    if origin is tuple and arguments[-1] is Ellipsis:
        item = _decoder(arguments[0])
        return lambda value: tuple(map(item, value))
    if origin is tuple:
        items = tuple(map(_decoder, arguments))
        return lambda value: tuple(one(part) for one, part in zip(items, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = map(_decoder, arguments)
        return lambda value: {key(one): item(other) for one, other in value}
    return lambda value: value
