"""The parts of an upload: small, so that little memory is held, and no more of them than S3 takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.backup.stores.remote import block_size

MIB = 1 << 20


@given(st.integers(0, 50_000_000_000_000))  # S3's largest file
def test_parts_are_such_as_s3_takes(size):
    part = block_size(size)
    assert 5 * MIB <= part <= 5_368_709_120
    assert -(-size // part) <= 10_000


@given(st.integers(0, 50_000_000_000))
def test_parts_stay_small(size):
    assert block_size(size) <= 6 * MIB
