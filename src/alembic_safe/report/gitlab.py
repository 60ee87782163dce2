"""`check` as a GitLab code quality report (docs.gitlab.com, "Code Quality", the report's format). Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from alembic_safe.model.results import CheckResult, ReportedFinding
from alembic_safe.report.located import relative, sentence
from alembic_safe.report.wording import clean

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}
# every entry needs a file
_NOWHERE = "alembic.ini"


def render(result: CheckResult) -> str:
    """The list as text that ends with a line end; ASCII only."""
    return json.dumps(list(_entries(result)), indent=2, ensure_ascii=True) + "\n"


def _entries(result: CheckResult) -> Iterator[dict[str, Any]]:
    if result.error is not None:
        # an empty list would say that everything found before is mended
        said = f"check could not be made: {result.error.message}"
        yield _entry("check-failed", said, "blocker", _NOWHERE, 1, "check-failed")
    seen: Counter[str] = Counter()
    for found in result.findings:
        if found.allowed is None:
            yield _of(found, result.root, seen)


def _of(found: ReportedFinding, root: str, seen: Counter[str]) -> dict[str, Any]:
    path = relative(found.file, root) if found.file is not None else _NOWHERE
    # GitLab drops an entry whose fingerprint it has seen; ours are one for each rule and statement
    mark = f"{found.fingerprint}/{seen[found.fingerprint]}"
    seen[found.fingerprint] += 1
    severity = _SEVERITIES[found.severity]
    return _entry(found.rule, sentence(found), severity, path, found.line or 1, mark)


def _entry(rule: str, text: str, severity: str, path: str, line: int, mark: str) -> dict[str, Any]:
    return {
        "description": clean(" ".join(text.split())),
        "check_name": rule,
        "fingerprint": hashlib.sha256(mark.encode()).hexdigest(),
        "severity": severity,
        "location": {"path": clean(path), "lines": {"begin": max(line, 1)}},
    }
