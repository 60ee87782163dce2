"""`recover` for people: what happened, what is true now, the ways out and which is recommended."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import RenderableType

from alembic_safe.model.recovery import BY_HAND, HalfRevision, RecoverResult, Remedy, TargetRecovery
from alembic_safe.report.console.page import (
    BAD,
    DOUBTFUL,
    GOOD,
    QUIET,
    STRONG,
    View,
    columns,
    indented,
    line,
    pairs,
)
from alembic_safe.report.wording import clean, heads

_STYLES = {0: GOOD, 5: DOUBTFUL}
_SHOWN = 14
# states in which what stands of a revision is the matter
_OF_A_REVISION = ("half applied", "outcome unknown", "orphan session", "stamp lost")


def recovered(result: RecoverResult, view: View) -> Iterator[RenderableType]:
    """One target after the other."""
    for index, target in enumerate(result.targets):
        if index:
            yield ""
        yield from _target(target, view)
    if result.bundle:
        yield line(("bundle: ", QUIET), clean(result.bundle))


def _target(found: TargetRecovery, view: View) -> Iterator[RenderableType]:
    diagnosis = found.diagnosis
    style = _STYLES.get(diagnosis.exit, BAD)
    doubt = "" if diagnosis.certain else " (not certain)"
    rows = f"{doubt} ({heads(found.evidence.heads)})"
    yield line((clean(found.target.label), STRONG), ": ", (clean(diagnosis.state), style), rows)
    if found.applied:
        yield indented(line((f"remedy {clean(found.applied)} was carried out", GOOD)))
    yield pairs(_facts(found))
    if found.timeline and diagnosis.exit:
        yield from _timeline(found, view)
    if found.evidence.half is not None and diagnosis.state in _OF_A_REVISION:
        yield from _half(found.evidence.half, view)
    if found.remedies:
        yield from _remedies(found, view)


def _facts(found: TargetRecovery) -> Iterator[tuple[str, str]]:
    for sentence in found.diagnosis.sentences:
        yield "true now", clean(sentence)
    if found.evidence.unvalidated:
        yield "not validated", ", ".join(map(clean, found.evidence.unvalidated))
    if found.evidence.backup and found.diagnosis.exit:
        half = found.evidence.half
        when = "is the newest there is" if half is not None and not half.run else "was made before it"
        yield "backup", f"{clean(found.evidence.backup)} {when}"
    if found.run:
        yield "run", clean(found.run)
    if found.diagnosis.exit:
        yield "see", clean(found.diagnosis.page)


def _timeline(found: TargetRecovery, view: View) -> Iterator[RenderableType]:
    entries = found.timeline if view.verbose else found.timeline[-_SHOWN:]
    yield line(("what happened", STRONG), (" (UTC)", QUIET))
    yield indented(columns([(f"{one.at:%Y-%m-%d %H:%M:%S}", clean(one.said)) for one in entries]))


def _half(half: HalfRevision, view: View) -> Iterator[RenderableType]:
    if not half.statements:
        return
    yield line((f"revision {clean(half.revision)}", STRONG))
    shown = half.statements if view.verbose else half.statements[-_SHOWN:]
    rows = [
        (str(one.ordinal), one.standing, clean(" ".join(one.sql.split()))[:90], clean(one.how))
        for one in shown
    ]
    yield indented(columns(rows, right=(0,)))


def _remedies(found: TargetRecovery, view: View) -> Iterator[RenderableType]:
    yield line(("ways out", STRONG))
    for one in found.remedies:
        recommended = one.name == found.recommended
        mark = ("  recommended", GOOD) if recommended else ("", QUIET)
        yield indented(line((clean(one.name), STRONG), mark))
        yield pairs(_remedy(one, view), indent=4)
    if found.recommended:
        aim = f" --target {shlex.quote(found.aim)}" if found.aim else ""
        yield line(
            f"`alembic-safe recover --apply {clean(found.recommended + aim)}` carries out what is recommended."
        )


def _remedy(one: Remedy, view: View) -> Iterator[tuple[str, str]]:
    yield "does", clean(one.does)
    for step in one.steps:
        yield "step", clean(step)
    for sql in one.sql:
        yield "SQL", clean(sql)
    for need in one.needs:
        yield "needs", clean(need)
    for loss in one.loses or (("nothing",) if one.possible else ()):
        yield "loses", clean(loss)
    if one.hindered:
        if one.hindered == BY_HAND:
            yield "by hand", "`recover` does not carry this one out"
        else:
            yield "not now", clean(one.hindered)
