"""Whose a scratch database is, and which server programs it is made with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.databases.postgresql.scratch import owner_of, scratch_name
from alembic_safe.databases.postgresql.server import Binaries
from alembic_safe.databases.postgresql.server.choosing import for_scratch, has_extension

RUN = "20261122T024300Z-abc123"


def test_a_name_tells_its_run_and_fits() -> None:
    name = scratch_name(RUN, 3)
    assert name == "alembic_safe_scratch_20261122t024300z_abc123_3"
    assert len(name) <= 63
    assert owner_of(name) == "alembic-safe/scratch/20261122t024300z_abc123"


@pytest.mark.parametrize(
    "name", ["shop", "alembic_safe_scratch_", "alembic_safe_scratch_mine", f"{scratch_name(RUN, 1)}x"]
)
def test_what_is_not_ours_has_no_owner(name: str) -> None:
    assert owner_of(name) is None


@given(st.text())
def test_nothing_else_is_taken_for_ours(name: str) -> None:
    assert owner_of(name) is None


def binaries(folder: Path, major: int, origin: str, *extensions: str) -> Binaries:
    home = folder / f"{major}-{origin.split()[0]}-{len(extensions)}"
    (home / "share" / "extension").mkdir(parents=True)
    for name in extensions:
        (home / "share" / "extension" / f"{name}.control").touch()
    # far from every installed major, whose extensions lie in a shared folder on Debian
    return Binaries(major, f"{major}.1", home / "bin", origin)


def test_the_major_decides_then_contrib_then_the_machines_own(tmp_path: Path) -> None:
    bare = binaries(tmp_path, 117, "system")
    wheel = binaries(tmp_path, 117, "wheel x", "btree_gist")
    own = binaries(tmp_path, 117, "system", "btree_gist", "hstore")
    older = binaries(tmp_path, 115, "system", "btree_gist")
    found = [bare, wheel, own, older]
    assert for_scratch(found, 117) == own
    assert for_scratch([bare, wheel, older], 117) == wheel
    assert for_scratch(found, 115) == older
    assert for_scratch(found, 116) == own  # as near, and newer
    assert for_scratch(found, None) == own
    assert for_scratch([], 117) is None


def test_an_extension_outweighs_the_major(tmp_path: Path) -> None:
    new = binaries(tmp_path, 118, "wheel x", "btree_gist")
    old = binaries(tmp_path, 115, "system", "postgis")
    assert has_extension(old, "postgis") and not has_extension(new, "postgis")
    assert for_scratch([new, old], 118, ["postgis"]) == old
    assert for_scratch([new, old], 118, ["postgis", "btree_gist"]) is None
