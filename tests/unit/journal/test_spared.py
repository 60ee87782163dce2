"""A full journal: told as what it is, and no obstacle to saying what is true."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from alembic_safe.errors import RefusedError
from alembic_safe.journal import SparedJournal, open_file
from alembic_safe.model.runs import RunRecord

_NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_a_full_file_is_named_and_spared(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "j", create=True)
    assert journal is not None
    try:
        journal.begin_run(RunRecord("r1", "upgrade", "t", (), _NOW, "0", "18", "me", "here"))
        ((pages,),) = journal.store.database.fetch("PRAGMA page_count")
        journal.store.database.fetch(f"PRAGMA max_page_count = {pages}")
        error = "x" * 100_000
        with pytest.raises(RefusedError, match="full"):
            journal.end_run("r1", outcome="failed", heads_after=(), error=error, ended=_NOW)
        spared = SparedJournal(journal)
        spared.end_run("r1", outcome="failed", heads_after=(), error=error, ended=_NOW)
        assert "full" in spared.fault
        assert [one.run.ended for one in journal.unfinished_runs("t")] == [None]
        spared.end_run("r1", outcome="failed", heads_after=(), error=None, ended=_NOW)
        assert not journal.unfinished_runs("t")
    finally:
        journal.close()
