"""Stores behind a URL, and backups that only a private key reads."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alembic_safe.backup import create_backup, find_backup, list_backups, verify_backup
from alembic_safe.backup.encryption import encrypt_folder
from alembic_safe.backup.external import create_external
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.backup.stores import RemoteStore, open_store
from alembic_safe.databases import open_database
from alembic_safe.errors import BackupError, SettingsError
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (id integer, secret text)")
        connection.execute("INSERT INTO t VALUES (1, 'a-word-that-nobody-may-read')")
    opened = open_database(
        ConnectParameters("sqlite", "pysqlite", {"database": str(path)}), policy=ControlPolicy()
    )
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "s3"])
def policy(request, tmp_path):
    url = "memory://shop" if request.param == "memory" else request.getfixturevalue("s3")
    chosen = BackupPolicy(directory=tmp_path / "staging", store=f"{url}/{tmp_path.name}")
    yield chosen


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_store_behind_a_url_keeps_what_a_folder_keeps(database, policy):
    store = open_store(policy)
    assert list_backups(store) == ((), ())
    manifest = create_backup(database, policy=policy, run=None, heads={})
    assert [p.name for p in policy.directory.iterdir()] == [
        ".gitignore"
    ]  # nothing stays in the staging folder

    (listing,), unreadable = list_backups(store)
    assert (listing.manifest, unreadable) == (manifest, ())
    assert verify_backup(store, manifest.id).good
    assert find_backup(store, manifest.id).verified is not None
    with (
        dump_at_hand(store, manifest, None, lambda: None) as folder,
        closing(sqlite3.connect(folder / "database.sqlite3")) as copy,
    ):
        assert copy.execute("SELECT id FROM t").fetchall() == [(1,)]

    assert isinstance(store, RemoteStore)
    files, root = store._open()
    name = f"{root}/{manifest.id}/dump/database.sqlite3"
    content = files.cat_file(name)
    for damage, said in (
        (content[:-1], "truncated"),
        (content[:100] + b"X" + content[101:], "changed"),
        (content + b"\0", "grown"),
    ):
        files.pipe_file(name, damage)
        (fault,) = verify_backup(store, manifest.id).faults
        assert fault.startswith("dump/database.sqlite3: ") and said in fault
    files.rm_file(name)
    assert verify_backup(store, manifest.id).faults == ("dump/database.sqlite3: missing",)
    store.remove(manifest.id)
    assert list_backups(store) == ((), ())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_an_upload_that_breaks_leaves_no_backup(database, policy, monkeypatch):
    store = open_store(policy)
    put = RemoteStore._put
    tries: list[str] = []

    def breaking(self, folder, identifier, name, moved):
        tries.append(name)
        raise OSError("the line broke")

    monkeypatch.setattr(RemoteStore, "_put", breaking)
    with pytest.raises(BackupError, match="cannot be uploaded"):
        create_backup(database, policy=policy, run=None, heads={})
    assert len(tries) == 3
    assert list_backups(store) == ((), ())

    def once(self, folder, identifier, name, moved):
        if len(tries) == 3:
            tries.append("again")
            raise OSError("the line broke")
        put(self, folder, identifier, name, moved)

    monkeypatch.setattr(RemoteStore, "_put", once)
    manifest = create_backup(database, policy=policy, run=None, heads={})
    assert verify_backup(store, manifest.id).good


def test_an_encrypted_backup_is_read_by_its_key_alone(database, tmp_path):
    from pyrage import x25519

    mine, other = x25519.Identity.generate(), x25519.Identity.generate()
    key, wrong = tmp_path / "key.txt", tmp_path / "wrong.txt"
    key.write_text(f"# created: today\n{mine}\n")
    wrong.write_text(f"{other}\n")
    policy = BackupPolicy(directory=tmp_path / "backups", recipients=(str(mine.to_public()),))
    manifest = create_backup(database, policy=policy, run=None, heads={})
    store = open_store(policy)

    for file in (tmp_path / "backups").rglob("*"):
        assert not file.is_file() or b"a-word-that-nobody-may-read" not in file.read_bytes()
    without = verify_backup(store, manifest.id)
    assert without.good
    assert "its contents were not read" in without.notes[0]
    assert verify_backup(store, manifest.id, identity=key).notes == ()
    (fault,) = verify_backup(store, manifest.id, identity=wrong).faults
    assert "no matching keys" in fault
    with (
        pytest.raises(BackupError, match="is encrypted to age1"),
        dump_at_hand(store, manifest, None, lambda: None),
    ):
        pass
    with dump_at_hand(store, manifest, key, lambda: None) as folder:
        with closing(sqlite3.connect(folder / "database.sqlite3")) as copy:
            assert copy.execute("SELECT secret FROM t").fetchall() == [("a-word-that-nobody-may-read",)]
        assert Path(folder).stat().st_mode & 0o077 == 0


def test_what_is_encrypted_is_on_disk_before_what_is_not_goes(tmp_path, monkeypatch):
    from pyrage import x25519

    (tmp_path / "a").write_text("plain")
    synced, sync, unlink = [], os.fsync, Path.unlink

    def syncing(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))
        sync(descriptor)

    def unlinking(path: Path) -> None:
        sealed = path.with_name(f"{path.name}.age").stat()
        assert (sealed.st_ino, sealed.st_size) in synced
        unlink(path)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "unlink", unlinking)
    encrypt_folder(tmp_path, [str(x25519.Identity.generate().to_public())], lambda: None)
    assert [one.name for one in tmp_path.iterdir()] == ["a.age"]


def test_a_private_key_is_refused_as_a_recipient(database, tmp_path):
    from pyrage import x25519

    for recipient, said in (
        (str(x25519.Identity.generate()), "private key"),
        ("age1x", "is not a public key"),
    ):
        policy = BackupPolicy(directory=tmp_path / "backups", recipients=(recipient,))
        with pytest.raises(SettingsError, match=said) as caught:
            create_backup(database, policy=policy, run=None, heads={})
        assert recipient[20:] == "" or recipient[20:] not in str(caught.value)
    assert not (tmp_path / "backups").exists()


def test_a_full_disk_is_said_where_a_command_makes_the_backup(database, tmp_path, monkeypatch):
    told = "echo backup-id=1; echo backup-system=$SAFE_BACKUP_SYSTEM; date -u +backup-finished=%s"
    policy = BackupPolicy(directory=tmp_path / "backups", command=told)

    def full(folder: Path, manifest: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("alembic_safe.backup.external.write_manifest", full)
    with pytest.raises(BackupError, match="too little room in the backup directory"):
        create_external(database, policy=policy, run=None, heads={})
    assert list_backups(open_store(policy)) == ((), ())
