"""A manifest as text: it comes back as it went, and notices any change."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.backup.manifest import decode, encode
from alembic_safe.backup.store import new_id
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import BackupFile, Manifest, TableContent

_times = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(timezone.utc))
_text = st.text(max_size=20)
_manifests = st.builds(
    Manifest,
    format=st.just(1),
    id=_text,
    engine=st.sampled_from(["pg_dump", "sqlite"]),
    scope=st.just("full"),
    run=st.none() | _text,
    database=_text,
    address=_text,
    server_version=_text,
    tool=_text,
    tool_version=_text,
    heads=st.dictionaries(_text, st.none() | st.lists(_text, max_size=3).map(tuple), max_size=3),
    began=_times,
    ended=_times,
    size=st.integers(0, 2**60),
    files=st.lists(st.builds(BackupFile, _text, st.integers(0, 2**60), _text), max_size=3).map(tuple),
    tables=st.lists(st.builds(TableContent, _text, st.integers(0, 2**60)), max_size=3).map(tuple),
    position=st.none() | _text,
    compression=_text,
    read=st.booleans(),
    options=st.dictionaries(_text, _text, max_size=2),
)


@given(_manifests)
def test_comes_back_as_it_went(manifest):
    assert decode(encode(manifest)) == manifest


@given(_manifests, st.data())
def test_any_changed_byte_is_noticed(manifest, data):
    text = encode(manifest)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 127))]) + text[at + 1 :]
    with pytest.raises(BackupError):
        decode(changed)
    with pytest.raises(BackupError):
        decode(text[:at])


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b"\xff", b'{"manifest": {"format": 1}}', b'{"manifest": 1}']
)
def test_what_is_no_manifest(text):
    with pytest.raises(BackupError):
        decode(text)


@given(st.text(max_size=80))
def test_ids_are_safe_in_any_file_system_and_shell(database):
    identifier = new_id(datetime(2026, 11, 21, 23, 15, 30), database)

    assert identifier.startswith("20261121T231530Z-")
    assert set(identifier) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
    assert len(identifier) < 80
