"""What a backup command tells: when its backup ended, as tools write times."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from alembic_safe.backup.external import check_told
from alembic_safe.errors import BackupError

NOW = datetime(2026, 11, 22, 8, 0, 30, tzinfo=timezone.utc)


def _finished(text: str) -> datetime:
    told = {"id": "b1", "system": "7", "finished": text}
    return check_told(told, began=NOW, now=NOW, system="7", max_age=3600)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-22T08:00:10Z", 0),
        ("2026-11-22T08:00:10.5Z", 500_000),  # Go leaves zeros out
        ("2026-11-22T08:00:10.1234Z", 123_400),
        ("2026-11-22T08:00:10.123456789z", 123_456),
        ("2026-11-22T09:00:10.123456+01:00", 123_456),
        ("2026-11-22 08:00:10", 0),
        ("1795334410", 0),
    ],
)
def test_times_as_tools_write_them(text, microsecond):
    assert _finished(text) == NOW.replace(second=10, microsecond=microsecond)


@pytest.mark.parametrize("text", ["", "now", "1e9", "99999999999999"])
def test_what_is_no_time(text):
    with pytest.raises(BackupError):
        _finished(text)
