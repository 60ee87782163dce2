"""Findings as results have them: the gate's word, an excerpt of the source, no data or secret in any text.

Judging sees statements as they are. What leaves for a report has the literals of DML and secrets replaced, in the
statements and wherever a message, a recipe or a line of source repeats them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.model.findings import Finding, Verdict
from alembic_safe.model.results import Excerpt, ReportedFinding, RulePage
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.rules import Rule
from alembic_safe.workflow.hiding import Hidden

_STRING = re.compile(r"'((?:[^'\\]|\\.|'')*)'|\$(\w*)\$(.*?)\$\2\$", re.DOTALL)
_AROUND = 2
_LONGEST_LINE = 300
SeverityWord = Literal["error", "warning", "note"]


class Saying:
    """Turns the findings of some revisions into what may be said of them."""

    def __init__(self, listings: Iterable[RevisionListing], sources: Mapping[str, str] | None = None) -> None:
        """`sources` are files' texts by path; others are read from disk."""
        self._listings: dict[str, list[RevisionListing]] = {}
        for listing in listings:
            self._listings.setdefault(listing.revision.id, []).append(listing)
        self._hidden: dict[str, Hidden] = {}
        self._sql: dict[tuple[str, int], str] | None = None
        self._lines: dict[str, list[str]] = {
            path: text.splitlines() for path, text in (sources or {}).items()
        }

    def report(self, findings: Sequence[Finding], verdict: Verdict) -> tuple[ReportedFinding, ...]:
        """The findings as documents have them, in their order, each once."""
        stopping = {id(finding) for finding in verdict.stopping}
        reported = (self._reported(finding, id(finding) in stopping) for finding in findings)
        return tuple(dict.fromkeys(reported))

    def _reported(self, finding: Finding, stops: bool) -> ReportedFinding:
        hidden = self._hidden_of(finding.revision)
        return ReportedFinding(
            rule=finding.rule,
            severity=cast(SeverityWord, finding.severity.word),
            message=hidden.out_of_prose(finding.message),
            recipe=hidden.out_of_prose(finding.recipe),
            revision=finding.revision,
            file=finding.file,
            line=finding.line,
            statement=finding.statement,
            objects=finding.objects,
            phase=finding.phase,
            allowed=finding.allowed,
            hazard=finding.hazard,
            blocks=finding.blocks,
            seconds=finding.seconds,
            stops=stops,
            fingerprint=self._fingerprint(finding),
            excerpt=self._excerpt(finding, hidden),
        )

    def _fingerprint(self, finding: Finding) -> str:
        """The same while rule, revision and statement are: lines may move, and objects be named otherwise."""
        parts = (finding.rule, finding.revision or "", self._sql_of(finding))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _sql_of(self, finding: Finding) -> str:
        if self._sql is None:
            self._sql = {}
            for revision, listings in self._listings.items():
                for listing in listings:
                    for statement in listing.statements if listing.direction == "upgrade" else ():
                        self._sql.setdefault((revision, statement.ordinal), statement.sql)
        sql = self._sql.get((finding.revision or "", finding.statement or 0), "")
        return " ".join(mask_sql(sql).split())

    def _hidden_of(self, revision: str | None) -> Hidden:
        """The literals of a revision's statements that are shown nowhere."""
        if revision is None:
            return Hidden(())
        if revision not in self._hidden:
            written: set[str] = set()
            shown: set[str] = set()
            for listing in self._listings.get(revision, ()):
                for statement in listing.statements:
                    written |= _literals(statement.sql)
                    shown |= _literals(mask_sql(statement.sql))
            self._hidden[revision] = Hidden(written - shown)
        return self._hidden[revision]

    def _excerpt(self, finding: Finding, hidden: Hidden) -> Excerpt | None:
        if finding.file is None or finding.line is None:
            return None
        lines = self._lines.get(finding.file)
        if lines is None:
            lines = self._lines[finding.file] = _read(finding.file)
        first = max(finding.line - _AROUND, 1)
        some = lines[first - 1 : finding.line + _AROUND]
        if len(lines) < finding.line:
            return None
        text = hidden.out_of("\n".join(line[:_LONGEST_LINE] for line in some))
        return Excerpt(first, tuple(text.split("\n")))


def masked(listing: RevisionListing) -> RevisionListing:
    """The listing with statements as they may be shown."""
    statements = tuple(replace(one, sql=mask_sql(one.sql)) for one in listing.statements)
    return replace(listing, statements=statements)


def page_of(rule: Rule) -> RulePage:
    """A rule as a value for reports."""
    return RulePage(
        rule.id,
        cast(SeverityWord, rule.severity.word),
        rule.hazard,
        rule.summary,
        rule.why,
        rule.recipe,
        rule.covers,
    )


def _literals(sql: str) -> set[str]:
    """The contents of the strings in a text, as nearly as a pattern tells."""
    found = (match[3] if match[3] is not None else match[1] for match in _STRING.finditer(sql))
    return {text.replace("''", "'") for text in found if text.strip()}


def _read(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
