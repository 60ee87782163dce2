"""`check` for people: each finding with its line of source, what happens, who waits, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from alembic_safe.model.results import CheckResult, ReportedFinding
from alembic_safe.model.scratch import ScratchRun
from alembic_safe.report.console.page import BAD, DOUBTFUL, GOOD, QUIET, STRONG, View, indented, line
from alembic_safe.report.wording import clean, clean_lines, count, duration, near

STYLES = {"error": BAD, "warning": DOUBTFUL, "note": QUIET}
_RECIPE_LINES = 12


def check(result: CheckResult, view: View) -> Iterator[RenderableType]:
    """The findings that count, then those that a person allowed, then one line that sums up."""
    counting = [found for found in result.findings if found.allowed is None]
    allowed = [found for found in result.findings if found.allowed is not None]
    for found in counting:
        yield from finding(found, view)
        yield ""
    for found in allowed:
        yield line(
            (place_of(found, view), STRONG),
            (f"  allowed: {clean(found.rule)}", QUIET),
            f"  {clean(found.allowed or '')}",
        )
    if allowed:
        yield ""
    if result.rehearsed:
        from alembic_safe.report.console.rehearsed import target

        for one in result.rehearsed:
            yield from target(one, view)
        yield ""
    if result.error is None or result.revisions:
        yield from _sum(result, counting, allowed)


def finding(found: ReportedFinding, view: View) -> Iterator[RenderableType]:
    """One finding; `plan` shows its own in the same way."""
    yield line(
        (place_of(found, view), STRONG),
        "  ",
        (found.severity, STYLES[found.severity]),
        f"  {clean(found.rule)}",
        (f"  (revision {clean(found.revision)})" if found.revision else "", QUIET),
    )
    yield indented(line(clean(found.message)))
    if found.excerpt is not None:
        yield indented(_excerpt(found))
    if found.blocks:
        for_ = f" for about {duration(found.seconds)}" if found.seconds is not None else ""
        yield indented(line(("waits meanwhile: ", QUIET), f"{', '.join(map(clean, found.blocks))}{for_}"))
    if found.recipe:
        yield indented(line(("write instead:", QUIET)))
        yield code(found.recipe, 6, view.verbose)


def scratch_line(run: ScratchRun) -> str:
    """What was run to be read, and how long that took: no part of the command's own time."""
    read = count(len(run.read), "revision")
    return f"{read} read by running {count(run.revisions, 'revision')} on {clean(run.server)}: {duration(run.seconds)}"


def place_of(found: ReportedFinding, view: View) -> str:
    """`versions/a1.py:12`, as much of it as is known."""
    if found.file is None:
        return f"revision {clean(found.revision)}" if found.revision else "the plan"
    path = near(found.file, view.base)
    return path if found.line is None else f"{path}:{found.line}"


def _excerpt(found: ReportedFinding) -> Text:
    assert found.excerpt is not None
    last = found.excerpt.first + len(found.excerpt.lines) - 1
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, source in enumerate(found.excerpt.lines, found.excerpt.first):
        marked = number == found.line
        lead = f"{'>' if marked else ' '} {number:>{len(str(last))}} | "
        body = clean(source.expandtabs(4).rstrip())
        text.append(lead + body, style=STRONG if marked else QUIET)
        if number != last:
            text.append("\n")
    return text


def code(text: str, by: int, verbose: bool) -> RenderableType:
    """Code with its lines whole, so that it can be pasted; cut to some lines unless verbose."""
    lines = clean_lines(text)
    if not verbose and len(lines) > _RECIPE_LINES:
        left = len(lines) - _RECIPE_LINES + 1
        lines = [*lines[: _RECIPE_LINES - 1], f"... {left} more lines (-v shows them)"]
    # in a group, since printing joins bare texts and forgets that they may not be broken
    return Group(Text("\n".join(f"{'':{by}}{line}" for line in lines), no_wrap=True, overflow="ignore"))


def _sum(
    result: CheckResult, counting: list[ReportedFinding], allowed: list[ReportedFinding]
) -> Iterator[RenderableType]:
    numbers = Counter(found.severity for found in counting)
    said = [
        (count(numbers[severity], severity), STYLES[severity])
        for severity in ("error", "warning", "note")
        if numbers[severity]
    ]
    judged = count(len(result.revisions), "revision")
    head = f"{judged} checked for PostgreSQL {result.server_version}: "
    parts: list[str | tuple[str, str]] = [head]
    for index, part in enumerate(said or [("nothing found", GOOD)]):
        parts += [", " if index else "", part]
    if allowed:
        parts.append(f"; {len(allowed)} allowed")
    if result.known:
        parts.append(f"; {result.known} known to the baseline")
    yield line(*parts)
    for run in result.scratch:
        yield line((scratch_line(run), QUIET))
    if counting:
        yield line(
            ("To let one pass, write `# alembic-safe: allow RULE because REASON` on its line; ", QUIET),
            ("`alembic-safe explain RULE` says more.", QUIET),
        )
