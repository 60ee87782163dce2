"""A manifest as text and back. Pure: the text carries its own checksum and a format number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from alembic_safe.errors import BackupError
from alembic_safe.model.backups import MANIFEST_FORMAT, BackupFile, Manifest, RestorePoint, TableContent


def encode(manifest: Manifest) -> bytes:
    """The manifest as JSON, with the sha256 of its canonical form beside it."""
    fields = asdict(manifest) | {
        "heads": {table: None if rows is None else list(rows) for table, rows in manifest.heads.items()},
        "options": dict(manifest.options),
        "external": dict(manifest.external),
        "began": manifest.began.isoformat(),
        "ended": manifest.ended.isoformat(),
    }
    document = {"manifest": fields, "sha256": _checksum(fields)}
    return _written(document)


def decode(text: bytes) -> Manifest:
    """Raises `BackupError` saying what is wrong: not a manifest, changed since, or newer than us."""
    try:
        document = json.loads(text)
        fields = document["manifest"]
        newer = int(fields["format"]) > MANIFEST_FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("is not a manifest") from error
    if newer:
        raise BackupError(
            f"is of format {fields['format']}, this version of alembic-safe reads up to {MANIFEST_FORMAT}",
            hint="Use the version of alembic-safe that made the backup, or a newer one.",
        )
    if document.get("sha256") != _checksum(fields) or text != _written(document):
        raise BackupError("was changed after it was written: its checksum differs")
    try:
        return _manifest(fields)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("is not a manifest of this format") from error


def _written(document: Mapping[str, Any]) -> bytes:
    """The one way that we write it: of any other text somebody, or a disk, has changed a byte."""
    return (json.dumps(document, indent=1) + "\n").encode()


def _checksum(fields: dict[str, Any]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _manifest(fields: dict[str, Any]) -> Manifest:
    heads = {table: None if rows is None else tuple(rows) for table, rows in fields["heads"].items()}
    point = fields.get("restore_point")  # format 1 has none
    return Manifest(
        **fields
        | {
            "restore_point": RestorePoint(**point) if point else None,
            "heads": heads,
            "began": datetime.fromisoformat(fields["began"]),
            "ended": datetime.fromisoformat(fields["ended"]),
            "files": tuple(BackupFile(**one) for one in fields["files"]),
            "tables": tuple(TableContent(**one) for one in fields["tables"]),
        }
    )
