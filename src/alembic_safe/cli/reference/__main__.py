"""Write the reference into a folder, or compare it with what is there: exit status 1 where it differs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alembic_safe.cli.reference.pages import pages


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 written or equal, 1 different."""
    parser = argparse.ArgumentParser(prog="python -m alembic_safe.cli.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; write nothing")
    parser.add_argument("folder", type=Path, metavar="DIR")
    given = parser.parse_args(arguments)
    wrong = []
    for name, text in pages().items():
        path = given.folder / name
        if given.check:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                wrong.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if wrong:
        sys.stderr.write(f"{given.folder} differs from the code in: {', '.join(wrong)}\n")
        sys.stderr.write(f"Run `python -m alembic_safe.cli.reference {given.folder}`.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
