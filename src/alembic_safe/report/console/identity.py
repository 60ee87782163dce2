"""`identify` and `stamp` for people: which revision a schema is that of, and what differs, as objects and as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.identified import IdentifyResult, StampedTarget, StampResult
from alembic_safe.model.identity import Compared, Difference, Heads, Identity
from alembic_safe.model.results import TargetSummary
from alembic_safe.report.console.page import (
    BAD,
    DOUBTFUL,
    GOOD,
    QUIET,
    STRONG,
    View,
    indented,
    line,
    pairs,
    sql_text,
)
from alembic_safe.report.console.targets import server
from alembic_safe.report.wording import clean, count, duration, heads

_SHOWN = 12
_WORDS = {
    "as stamped": "the schema is what the version rows promise",
    "changed by hand": "the schema is not what the version rows promise, nor that of any other revision",
    "never stamped": "there are no version rows, and the schema is that of a revision",
    "stamped but never run": "the version rows are ahead of the schema",
    "stamp lost": "the version rows are behind the schema",
    "another revision": "the schema is that of another revision than the version rows say",
    "unknown schema": "the schema is that of no revision of this history",
    "not proven": "nothing could be compared",
}


def identified(result: IdentifyResult, view: View) -> Iterator[RenderableType]:
    """A paragraph a target: the word, what stands behind it, the differences, the next command."""
    for index, target in enumerate(result.targets):
        if index:
            yield ""
        yield _title(target.target, target.identity)
        yield pairs(_facts(target.target, target.identity))
        yield from _shown(target.identity, view)


def stamped(result: StampResult, view: View) -> Iterator[RenderableType]:
    """What was written, with its proof; where nothing was, what stands against it."""
    for target in result.targets:
        if target.run is None:
            yield _title(target.target, target.proof)
            yield pairs(_facts(target.target, target.proof))
            told = target.proof.to_wanted
            if told is not None and not told.equal:
                yield from _differences(told, view)
            continue
        word = ("forced", DOUBTFUL) if target.forced else ("stamped", GOOD)
        rows = f" {heads(target.heads_after)} (before: {heads(target.heads_before)})"
        yield line((clean(target.target.label), STRONG), ": ", word, rows)
        yield pairs(_proof(target))


def _proof(target: StampedTarget) -> Iterator[tuple[str, str]]:
    proof, told = target.proof, target.proof.to_wanted
    yield "target", server(target.target)
    if target.forced is None:
        yield "proof", f"the schema is that of {heads(target.heads_after)}"
    elif proof.why_not or told is None:
        yield "no proof", clean(proof.why_not) or "the revision could not be replayed"
    else:
        yield "no proof", f"{count(len(told.differences), 'difference')} to {heads(target.heads_after)}"
    yield from _replayed(proof)
    yield "run", clean(target.run or "")


def _title(target: TargetSummary, identity: Identity) -> Text:
    word = identity.verdict
    style = GOOD if word == "as stamped" else DOUBTFUL if word == "never stamped" else BAD
    return line((clean(target.label), STRONG), ": ", (word, style), f" ({heads(identity.stamped)})")


def _facts(target: TargetSummary, identity: Identity) -> Iterator[tuple[str, str]]:
    yield "target", server(target)
    yield "meaning", clean(identity.why_not) if identity.why_not else _WORDS[identity.verdict]
    if identity.equal:
        yield "schema of", _listed(identity.equal)
    elif identity.nearest is not None:
        yield "nearest", _name(identity.nearest)
    if identity.states:
        how = "known from before" if identity.kept else f"replayed on {clean(identity.server)}"
        yield (
            "compared",
            f"with {count(identity.states, 'state')} of the history, {how}, {duration(identity.seconds)}",
        )
    for note in identity.notes:
        yield "note", clean(note)
    if advice := _next(identity):
        yield "next", advice


def _replayed(identity: Identity) -> Iterator[tuple[str, str]]:
    if identity.states:
        how = "known from before" if identity.kept else f"replayed on {clean(identity.server)}"
        yield (
            "compared",
            f"with {count(identity.states, 'state')} of the history, {how}, {duration(identity.seconds)}",
        )
    for note in identity.notes:
        yield "note", clean(note)


def _next(identity: Identity) -> str:
    if identity.verdict in ("never stamped", "stamp lost", "another revision", "stamped but never run"):
        first = clean(" ".join(identity.equal[-1]) or "base")
        return f"`alembic-safe stamp {first}` writes what the schema proves"
    if identity.verdict == "changed by hand":
        return "mend the schema by the SQL below, or write a revision of what is here"
    return ""


def _shown(identity: Identity, view: View) -> Iterator[RenderableType]:
    told, to = identity.compared, identity.nearest
    if identity.stamped and identity.to_stamped is not None and not identity.to_stamped.equal:
        told, to = identity.to_stamped, identity.stamped or ()
    if told is None:
        return
    if told.differences:
        yield line("  ", (f"{count(len(told.differences), 'difference')} to {_name(to or ())}:", STRONG))
        yield from _differences(told, view)
    yield from _apart(told, view)
    nearest = identity.nearest
    if (
        told is identity.to_stamped
        and identity.compared
        and not identity.equal
        and nearest != identity.stamped
    ):
        number = count(len(identity.compared.differences), "difference")
        yield line("  ", (f"to the nearest, {_name(nearest or ())}, it has {number}", QUIET))


def _differences(told: Compared, view: View) -> Iterator[RenderableType]:
    shown = told.differences if view.verbose else told.differences[:_SHOWN]
    for one in shown:
        yield from _difference(one, view)
    if left := len(told.differences) - len(shown):
        yield line("  ", (f"... {left} more (-v shows them)", QUIET))


def _difference(one: Difference, view: View) -> Iterator[RenderableType]:
    style = {"missing": BAD, "extra": DOUBTFUL, "changed": DOUBTFUL}[one.what]
    yield line("  ", (one.what, style), f" {clean(str(one).rpartition(': ')[0])}")
    if one.what == "changed":
        yield pairs(
            [
                ("here", sql_text(one.found or "", view.verbose)),
                ("there", sql_text(one.expected or "", view.verbose)),
            ],
            indent=4,
        )
    for statement in one.sql:
        yield indented(Text.assemble(("SQL  ", QUIET), sql_text(statement, view.verbose)), 4)


def _apart(told: Compared, view: View) -> Iterator[RenderableType]:
    rows = [
        ("column order", told.order, "otherwise in "),
        ("names", told.names, ""),
        ("beside", told.beside, "not of this history: "),
    ]
    given: list[tuple[str, str]] = []
    for label, found, before in rows:
        if found:
            shown = found if view.verbose else found[:_SHOWN]
            more = f" and {len(found) - len(shown)} more" if len(shown) < len(found) else ""
            given.append((label, before + ", ".join(map(clean, shown)) + more))
    if given:
        yield pairs(given)


def _listed(states: Sequence[Heads]) -> str:
    shown = [_name(state) for state in states[-5:]]
    more = f"{len(states) - 5} more, " if len(states) > 5 else ""
    return more + ", ".join(shown)


def _name(state: Heads) -> str:
    return " + ".join(map(clean, state)) or "base"
