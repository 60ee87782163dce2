"""Writes docs/rules from the rules and their examples: `python -m scripts.rule_pages [--check] docs/rules`.

With --check nothing is written; the exit status is 1 when a page differs, is missing or is left over.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alembic_safe.rules import all_rules
from alembic_safe.rules.pages import hazard_table, index, page

_EXAMPLES = Path(__file__).parents[1] / "migrations_examples" / "hazards"


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    made = {"index.md": index(), "hazards.md": hazard_table()}
    for rule in all_rules().values():
        made[f"{rule.id}.md"] = page(rule, _sources(rule.id, "unsafe"), _sources(rule.id, "safe"))
    return made


def _sources(rule: str, kind: str) -> str:
    paths = [*(_EXAMPLES / rule).glob(f"{kind}.py"), *sorted((_EXAMPLES / rule).glob(f"{kind}_*.py"))]
    return "\n\n".join(path.read_text(encoding="utf-8") for path in paths)


def main(arguments: list[str]) -> int:
    """Write or compare; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in options.folder.glob("*.md")}
    if options.check:
        differ = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        print("\n".join(f"{options.folder / name} is not up to date" for name in differ), file=sys.stderr)
        return 1 if differ else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (options.folder / name).write_text(text, encoding="utf-8")
    for name in there.keys() - wanted.keys():
        (options.folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
