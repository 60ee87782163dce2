"""Every kind of damage is found, and named by its file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from alembic_safe.backup import find_backup, list_backups, verify_backup
from alembic_safe.backup.manifest import decode, encode
from alembic_safe.backup.stores import FolderStore
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import MANIFEST_FORMAT


@pytest.fixture(scope="module")
def made(pg_servers, tmp_path_factory):
    """A backup to copy and damage: (its directory, its manifest)."""
    from alembic_safe.backup import create_backup
    from alembic_safe.databases import open_database
    from alembic_safe.model.policies import BackupPolicy, ControlPolicy
    from alembic_safe.model.targets import ConnectParameters
    from tests.support.databases import MAJORS

    server = pg_servers(MAJORS[0])
    server.create_database("to_verify")
    directory = tmp_path_factory.mktemp("made") / "backups"
    database = open_database(
        ConnectParameters("postgresql", "psycopg", server.keywords("to_verify")), policy=ControlPolicy()
    )
    try:
        database.execute("CREATE TABLE t AS SELECT g AS x, md5(g::text) FROM generate_series(1, 5000) g")
        database.execute("SELECT lo_from_bytea(0, 'abc')")
        manifest = create_backup(database, policy=BackupPolicy(directory=directory), run=None, heads={})
    finally:
        database.close()
        server.drop_database("to_verify")
    return directory, manifest


@pytest.fixture
def copy(made, tmp_path):
    """A fresh copy: (directory, id, folder)."""
    directory, manifest = made
    shutil.copytree(directory, tmp_path / "backups")
    return tmp_path / "backups", manifest.id, tmp_path / "backups" / manifest.id


def _names(made) -> list[str]:
    return [file.name for file in made[1].files]


def test_a_sound_backup_is_good_and_the_verification_is_kept(copy):
    directory, identifier, folder = copy
    assert find_backup(FolderStore(directory), identifier).verified is None

    verification = verify_backup(FolderStore(directory), identifier)

    assert verification.good
    assert verification.duration > 0
    assert find_backup(FolderStore(directory), identifier).verified == verification.at
    assert json.loads((folder / "verified.json").read_text())["how"] == "checksums and read"
    assert verify_backup(FolderStore(directory), identifier).good  # its own record is no fault


def _flipped(content: bytes, at: int) -> bytes:
    """One bit of the byte at `at` is another."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_every_file_changed_truncated_grown_or_missing_is_named(made, copy):
    directory, identifier, folder = copy
    assert len(_names(made)) >= 3  # toc.dat, data, large objects
    for name in _names(made):
        path = folder / name
        content = path.read_bytes()
        for change, said in (
            *((_flipped(content, at), "changed") for at in (0, len(content) // 2, len(content) - 1)),
            (content[:-1], "truncated"),
            (b"", "truncated"),
            (content + b"x", "grown"),
            (None, "missing"),
        ):
            if change is None:
                path.unlink()
            else:
                path.write_bytes(change)
            (fault,) = verify_backup(FolderStore(directory), identifier).faults
            assert fault.startswith(f"{name}: {said}")
        path.write_bytes(content)
    assert verify_backup(FolderStore(directory), identifier).good


def test_an_added_file_and_a_link_are_named(made, copy):
    directory, identifier, folder = copy
    (folder / "dump" / "extra.dat").write_text("x")
    assert verify_backup(FolderStore(directory), identifier).faults == ("dump/extra.dat: added since",)
    (folder / "dump" / "extra.dat").unlink()
    name = _names(made)[0]
    (folder / name).rename(directory.parent / "elsewhere")
    (folder / name).symlink_to(directory.parent / "elsewhere")
    assert verify_backup(FolderStore(directory), identifier).faults == (f"{name}: not a file any more",)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.copy.json"])
def test_a_damaged_manifest_is_named_and_the_other_copy_serves(copy, name):
    directory, identifier, folder = copy
    path = folder / name
    text = path.read_text()
    raw = text.encode()
    flipped = (_flipped(raw, at).decode() for at in (0, len(raw) // 2, len(raw) - 1))
    for damaged in (*flipped, text.replace('"rows": 5000', '"rows": 5001'), text[:-20], "[]", "{}", ""):
        path.write_text(damaged)
        (fault,) = verify_backup(FolderStore(directory), identifier).faults
        assert fault.startswith(f"{name}: ")
        assert find_backup(FolderStore(directory), identifier).manifest.rows == 5000
    path.unlink()
    assert verify_backup(FolderStore(directory), identifier).faults == (f"{name}: missing",)


def test_both_manifests_damaged(copy):
    directory, identifier, folder = copy
    for name in ("manifest.json", "manifest.copy.json"):
        (folder / name).write_text("{")
    verification = verify_backup(FolderStore(directory), identifier)

    assert [fault.split(":")[0] for fault in verification.faults] == ["manifest.json", "manifest.copy.json"]
    listings, (unreadable,) = list_backups(FolderStore(directory))
    assert listings == ()
    assert unreadable.startswith(f"{identifier}: manifest.json: is not a manifest")
    with pytest.raises(BackupError, match=identifier):
        find_backup(FolderStore(directory), identifier)


def test_copies_that_differ_or_belong_elsewhere(copy):
    from dataclasses import replace

    directory, identifier, folder = copy
    manifest = decode((folder / "manifest.json").read_bytes())
    (folder / "manifest.copy.json").write_bytes(encode(replace(manifest, run="other")))
    (fault,) = verify_backup(FolderStore(directory), identifier).faults
    assert fault == "manifest.copy.json: differs from manifest.json"
    folder.rename(directory / "renamed")
    assert (
        f"manifest.json: is of the backup {identifier}"
        in verify_backup(FolderStore(directory), "renamed").faults
    )


def test_counts_that_the_dump_does_not_hold(copy):
    from dataclasses import replace

    directory, identifier, folder = copy
    manifest = decode((folder / "manifest.json").read_bytes())
    tables = (
        *(replace(table, rows=table.rows - 1) for table in manifest.tables),
        replace(manifest.tables[0], name="a.b"),
    )
    for name in ("manifest.json", "manifest.copy.json"):
        (folder / name).write_bytes(encode(replace(manifest, tables=tables)))

    assert verify_backup(FolderStore(directory), identifier).faults == (
        "dump: table a.b: no such table, 5000 rows in the manifest",
        "dump: table public.t: 5000 rows, 4999 rows in the manifest",
    )


def test_a_dump_that_was_broken_from_the_start(copy):
    """Checksums match what was written, and still it cannot be read."""
    from dataclasses import replace

    from alembic_safe.backup.files import checksum

    directory, identifier, folder = copy
    manifest = decode((folder / "manifest.json").read_bytes())
    data = next(file.name for file in manifest.files if file.name.endswith(".dat.gz"))
    (folder / data).write_bytes((folder / data).read_bytes()[:-30])
    files = tuple(checksum(folder, file.name, lambda: None) for file in manifest.files)
    for name in ("manifest.json", "manifest.copy.json"):
        (folder / name).write_bytes(encode(replace(manifest, files=files)))

    (fault,) = verify_backup(FolderStore(directory), identifier).faults
    assert fault.startswith("dump: ")


def test_a_newer_format_is_said_to_be_newer(copy):
    directory, identifier, folder = copy
    document = json.loads((folder / "manifest.json").read_text())
    document["manifest"]["format"] = MANIFEST_FORMAT + 1
    document["manifest"]["surprise"] = {}
    (folder / "manifest.json").write_text(json.dumps(document))

    with pytest.raises(BackupError, match=f"reads up to {MANIFEST_FORMAT}") as caught:
        verify_backup(FolderStore(directory), identifier)
    assert "newer" in caught.value.hint
    assert f"format {MANIFEST_FORMAT + 1}" in list_backups(FolderStore(directory))[1][0]


def test_a_failed_verification_is_kept_too(made, copy):
    directory, identifier, folder = copy
    verify_backup(FolderStore(directory), identifier)
    (folder / _names(made)[0]).unlink()
    verify_backup(FolderStore(directory), identifier)

    assert find_backup(FolderStore(directory), identifier).verified is None


def test_junk_does_no_harm_to_the_list(copy):
    directory, identifier, _ = copy
    (directory / "junk").mkdir()
    (directory / "file").write_text("x")
    (directory / "20260101T000000Z-x-000000.partial").mkdir()
    (directory / "dangling").symlink_to("nowhere")
    listings, unreadable = list_backups(FolderStore(directory))

    assert [listing.manifest.id for listing in listings] == [identifier]
    assert unreadable == ("junk: has no manifest: not a backup, or never finished",)
    assert list_backups(FolderStore(directory / "missing")) == ((), ())
    for name in ("nope", "../backups/" + identifier, "", "."):
        with pytest.raises(BackupError, match="there is no backup"):
            verify_backup(FolderStore(directory), name)


def test_a_dump_is_read_by_a_newer_client_where_there_is_no_equal_one(made, copy, monkeypatch, pg_servers):
    from alembic_safe.databases import reading_tool

    assert reading_tool("pg_dump", "9.6.1", None).version
    with pytest.raises(BackupError, match="no pg_restore of PostgreSQL 60 or newer"):
        reading_tool("pg_dump", "60.1", None)
    with pytest.raises(BackupError, match="made by mongodump"):
        reading_tool("mongodump", "1", Path("/"))
