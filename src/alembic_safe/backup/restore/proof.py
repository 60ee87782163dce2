"""What restoring a backup showed, kept beside its manifest: every time that it was tried, the newest last."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from alembic_safe.backup.store import RESTORED, Store
from alembic_safe.model.backups import Manifest
from alembic_safe.model.restores import Loaded, RestoreProof

_KEPT = 50
# what stands between a person and the database back, comparing apart
_RECOVERY = ("fetch", "load", "analyze")


def proof_of(manifest: Manifest, loaded: Loaded, where: str, durations: Mapping[str, float]) -> RestoreProof:
    """What restoring the backup showed, just now; `durations` in seconds by part."""
    now = datetime.now(timezone.utc)
    return RestoreProof(
        backup=manifest.id,
        at=now,
        where=where,
        recovery_time=sum(durations.get(part, 0.0) for part in _RECOVERY),
        age=(now - manifest.began).total_seconds(),
        durations=dict(durations),
        tables=loaded.tables,
        rows=loaded.rows,
        faults=loaded.faults,
        notes=loaded.notes,
    )


def keep_proof(store: Store, proof: RestoreProof) -> None:
    """Add it to the backup's record. A backup on a read-only disk is restored all the same."""
    told = asdict(proof) | {"at": proof.at.isoformat()}
    earlier = _told(store, proof.backup)[-_KEPT + 1 :]
    with contextlib.suppress(OSError):
        store.keep(proof.backup, RESTORED, (json.dumps([*earlier, told], indent=1) + "\n").encode())


def read_proof(store: Store, identifier: str) -> RestoreProof | None:
    """The newest; None where the backup was never restored, or nothing readable says so."""
    return next(reversed(read_proofs(store, identifier)), None)


def read_proofs(store: Store, identifier: str) -> tuple[RestoreProof, ...]:
    """Every time that it was tried and can be read of, the newest last."""
    return tuple(one for one in map(_decoded, _told(store, identifier)) if one is not None)


def _decoded(told: Any) -> RestoreProof | None:
    try:
        return RestoreProof(
            **{
                **told,
                "at": datetime.fromisoformat(told["at"]),
                "faults": tuple(told["faults"]),
                "notes": tuple(told["notes"]),
            }
        )
    except (KeyError, TypeError, ValueError):
        return None


def _told(store: Store, identifier: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(store.read(identifier, RESTORED))
    except (OSError, ValueError):
        return []
    return told if isinstance(told, list) else []
