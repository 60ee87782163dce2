"""`check` as SARIF 2.1.0, for code scanning (OASIS, Static Analysis Results Interchange Format 2.1.0). Pure."""

from __future__ import annotations

import json
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from alembic_safe import __version__
from alembic_safe.model.results import CheckResult, ReportedFinding, RulePage
from alembic_safe.report.located import relative, sentence
from alembic_safe.report.wording import clean, clean_lines

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"


def render(result: CheckResult) -> str:
    """The log file as text that ends with a line end; ASCII only."""
    return json.dumps(document(result), indent=2, ensure_ascii=True) + "\n"


def document(result: CheckResult) -> dict[str, Any]:
    """The log file as Python values that JSON has: one run."""
    index = {rule.id: number for number, rule in enumerate(result.rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "alembic-safe",
                "version": __version__,
                "rules": [_rule(rule) for rule in result.rules],
            }
        },
        "invocations": [_invocation(result)],
        "results": [_result(found, index, result.root) for found in result.findings],
        "columnKind": "unicodeCodePoints",
    }
    if result.root:
        uri = PurePath(result.root).as_posix().rstrip("/") + "/"
        run["originalUriBaseIds"] = {_ROOT: {"uri": f"file://{_quoted(uri)}"}}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: RulePage) -> dict[str, Any]:
    why = " ".join(rule.why.split())
    recipe = f"\n\nWrite instead:\n\n{rule.recipe}" if rule.recipe else ""
    return {
        "id": rule.id,
        "shortDescription": {"text": _text(rule.summary)},
        "fullDescription": {"text": _text(why)},
        "help": {"text": _lines(f"{why}{recipe}")},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["database", rule.hazard]},
    }


def _result(found: ReportedFinding, index: dict[str, int], root: str) -> dict[str, Any]:
    recipe = f"\n\nWrite instead:\n\n{found.recipe}" if found.recipe else ""
    made: dict[str, Any] = {
        "ruleId": found.rule,
        "level": found.severity,
        "message": {"text": _text(sentence(found)) + _lines(recipe)},
        "partialFingerprints": {"alembicSafe/v1": found.fingerprint},
        "properties": {"revision": found.revision, "objects": list(found.objects), "phase": found.phase},
    }
    if found.rule in index:
        made["ruleIndex"] = index[found.rule]
    if found.file is not None:
        made["locations"] = [{"physicalLocation": _place(found, root)}]
    if found.allowed is not None:
        made["suppressions"] = [{"kind": "inSource", "justification": _text(found.allowed)}]
    return made


def _place(found: ReportedFinding, root: str) -> dict[str, Any]:
    assert found.file is not None
    path = relative(found.file, root)
    inside = not path.startswith("/")
    place: dict[str, Any] = {
        "artifactLocation": {"uri": _quoted(path), "uriBaseId": _ROOT}
        if inside
        else {"uri": f"file://{_quoted(path)}"}
    }
    if found.line is not None:
        place["region"] = {"startLine": max(found.line, 1)}
    return place


def _invocation(result: CheckResult) -> dict[str, Any]:
    told = [{"level": "note", "message": {"text": _text(text)}} for text in result.notices]
    if result.error is not None:
        said = f"{result.error.message}. {result.error.hint}"
        told.append({"level": "error", "message": {"text": _text(said)}})
    return {
        "executionSuccessful": result.error is None,
        "exitCode": result.exit,
        "toolExecutionNotifications": told,
    }


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogatepass"), safe="/")


def _text(text: str) -> str:
    """One line, in which nothing is read as a link (section 3.11.6)."""
    return re.sub(r"([\\\[\]])", r"\\\1", clean(" ".join(text.split())))


def _lines(text: str) -> str:
    if not text:
        return ""
    leading = "\n\n" if text.startswith("\n") else ""
    return leading + re.sub(r"([\\\[\]])", r"\\\1", "\n".join(clean_lines(text)))
