"""The console's views of the everyday results, as kept in golden/. Write them anew with
`python -m tests.unit.report.golden`, and read the difference before committing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alembic_safe.report.console import View, render
from tests.unit.report import samples

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (60, 100)


def views() -> Iterator[tuple[str, str]]:
    """File names and what they must hold."""
    for name, result in samples.everyday().items():
        for width in WIDTHS:
            view = View(width=width, base=samples.BASE, now=samples.NOON)
            yield f"{name}.{width}.txt", render(result, view)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in views():
        FOLDER.joinpath(name).write_text(text, encoding="utf-8")
