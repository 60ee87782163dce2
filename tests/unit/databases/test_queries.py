"""SQL files: every one is used, every use has one, and each says what it asks."""

from __future__ import annotations

import re
from pathlib import Path

import alembic_safe.databases.postgresql as room

ROOM = Path(room.__file__).parent
FILES = {path.stem: path for path in (ROOM / "queries").glob("*.sql")}


def _uses() -> set[str]:
    text = "".join(path.read_text() for path in ROOM.glob("*.py"))
    return set(re.findall(r'\bquery\("(\w+)"\)', text))


def test_every_use_has_a_file_and_every_file_a_use():
    assert _uses() == set(FILES)
    assert FILES


def test_every_file_says_first_what_it_asks():
    for name, path in FILES.items():
        assert path.read_text().startswith("-- "), name
        assert len(path.read_text().splitlines()[0]) > 20, name
