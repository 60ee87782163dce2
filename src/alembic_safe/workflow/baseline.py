"""The file of known findings, by which a project that has some already is taken over.

A finding is told by rule, revision and statement, so that it stays known when lines move.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from alembic_safe.errors import UsageError
from alembic_safe.model.results import ReportedFinding

_SCHEMA, _VERSION = "alembic-safe/baseline", 1
_AGAIN = "Write it again with `alembic-safe check --all --write-baseline FILE`, and commit it."


def read_baseline(file: Path) -> frozenset[str]:
    """The fingerprints that the file holds. Raises `UsageError` where it is not there or is no baseline."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if (document["schema"], document["version"]) != (_SCHEMA, _VERSION):
            raise ValueError("it is of another kind or version")
        return frozenset(str(entry["fingerprint"]) for entry in document["findings"])
    except OSError as error:
        raise UsageError(f"--baseline: {file} cannot be read: {error.strerror}", hint=_AGAIN) from None
    except (ValueError, KeyError, TypeError) as error:
        fault = str(error) if type(error) is ValueError else "it is not what this command writes"
        raise UsageError(f"--baseline: {file} is no baseline: {fault}", hint=_AGAIN) from None


def write_baseline(file: Path, findings: Iterable[ReportedFinding]) -> int:
    """Write the findings whole, or leave the file as it was; how many there are. Raises `UsageError`."""
    entries = {
        found.fingerprint: {
            "rule": found.rule,
            "revision": found.revision,
            "objects": list(found.objects),
            "fingerprint": found.fingerprint,
        }
        for found in findings
    }
    document = {"schema": _SCHEMA, "version": _VERSION, "findings": list(entries.values())}
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(
            f"--write-baseline: {file} cannot be written: {error.strerror}",
            hint="Name a file in a folder that exists.",
        ) from None
    return len(entries)


def unknown(findings: Sequence[ReportedFinding], known: frozenset[str]) -> tuple[ReportedFinding, ...]:
    """The findings that the baseline does not have."""
    return tuple(found for found in findings if found.fingerprint not in known)
