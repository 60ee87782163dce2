"""A base state that is kept: found again by what it follows from, and not where it is not whole."""

from __future__ import annotations

import json
from pathlib import Path

from alembic_safe.workflow.kept_base import KeptBase, kept_base


def _kept(folder: Path) -> KeptBase:
    one = kept_base(folder, "history", "18")
    assert one is not None
    (one.folder / "dump").mkdir(parents=True)
    (one.folder / "dump" / "toc.dat").write_bytes(b"12345")
    told = {"tool_version": "pg_dump 18.6", "files": {"toc.dat": 5}}
    (one.folder / "base.json").write_text(json.dumps(told))
    return one


def test_another_history_or_server_is_another_place(tmp_path: Path) -> None:
    folders = {kept_base(tmp_path, *words) for words in (("a", "18"), ("b", "18"), ("a", "17"), ("a1", "8"))}
    assert len(folders) == 4
    assert kept_base(None, "a", "18") is None


def test_what_is_not_whole_is_not_there(tmp_path: Path) -> None:
    one = _kept(tmp_path)
    found = one.read()
    assert found is not None
    assert (found.folder, found.tool_version) == (one.folder / "dump", "pg_dump 18.6")
    (one.folder / "dump" / "toc.dat").write_bytes(b"123")
    assert one.read() is None
    one.forget()
    assert one.read() is None
    (_kept(tmp_path).folder / "base.json").write_text("[]")
    assert one.read() is None
