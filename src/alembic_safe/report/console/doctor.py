"""`doctor` for people: what would stop a run first, then what is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from alembic_safe.model.preflight import CheckedItem
from alembic_safe.model.results import DoctorResult
from alembic_safe.report.console.page import BAD, DOUBTFUL, GOOD, QUIET, View, indented, line
from alembic_safe.report.console.targets import target_line
from alembic_safe.report.wording import clean, count

_STYLES = {"refuse": BAD, "warn": DOUBTFUL, "off": QUIET}
_WORDS = {"refuse": "stops a run", "warn": "warning"}


def doctor(result: DoctorResult, view: View) -> Iterator[RenderableType]:
    """Target by target; a check that found nothing is named only where asked (`-v`)."""
    if result.error is not None:
        return
    for text in result.cleaned:
        yield line(("cleaned: ", GOOD), clean(text))
    yield from _items(result.project, view)
    for target in result.targets:
        yield target_line(target.target)
        yield from _items(target.checks, view)
        well = sum(not item.obstacles and item.level != "off" for item in target.checks)
        off = [item.check for item in target.checks if item.level == "off"]
        yield indented(line((f"{count(well, 'check')} found nothing in the way of a run", GOOD)))
        if off:
            yield indented(line((f"off: {', '.join(map(clean, off))}", QUIET)))


def _items(items: Sequence[CheckedItem], view: View) -> Iterator[RenderableType]:
    for item in items:
        for one in item.obstacles:
            yield indented(
                line(
                    (f"{_WORDS.get(one.level, one.level)}: ", _STYLES[one.level]),
                    f"{one.check}: {clean(one.message)}",
                )
            )
            yield indented(line((clean(one.cure), QUIET)), 4)
        if view.verbose and not item.obstacles and item.level != "off":
            yield indented(line(("nothing: ", GOOD), f"{item.check} ", (f"({clean(item.summary)})", QUIET)))
