"""A store behind a URL, damaged or killed: what is listed is whole, and what is not is named by its file."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from alembic_safe import workflow
from alembic_safe.apply.interrupts import Interrupted
from alembic_safe.backup import create_backup, list_backups, verify_backup
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.backup.stores import RemoteStore, open_store
from alembic_safe.databases import open_database
from alembic_safe.errors import BackupError
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.settings.loading import load_settings
from tests.support.projects import Rev

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

# a backup to a store behind a URL, which stops for good when it has come to the step that is named
CREATE = """
import sys, time
from pathlib import Path
from alembic_safe.apply.interrupts import Interrupted
from alembic_safe.backup import create_backup
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.backup.stores import RemoteStore
from alembic_safe.databases import open_database
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters

file, staging, url, until = sys.argv[1:]
put = RemoteStore._put

def stopping(self, folder, identifier, name, moved):
    def stop(_):
        print("here", flush=True)
        time.sleep(600)
    if name == until:
        stop(0)
    put(self, folder, identifier, name, stop if until == f"in {name}" else moved)
    if until == f"after {name}":
        stop(0)

RemoteStore._put = stopping
parameters = ConnectParameters("sqlite", "pysqlite", {"database": file})
policy = BackupPolicy(directory=Path(staging), store=url)
create_backup(open_database(parameters, policy=ControlPolicy()), policy=policy, run=None, heads={})
"""


def _make_file(path: Path) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (id integer)")
        connection.execute("INSERT INTO t VALUES (1)")
    return path


def _kill_at(path: Path, policy: BackupPolicy, until: str) -> None:
    """Begin a backup, and kill it where it says that it stands."""
    arguments = [sys.executable, "-c", CREATE, str(path), str(policy.directory), str(policy.store), until]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "here\n"
        finally:
            child.kill()


@pytest.fixture(params=["file", pytest.param("s3", marks=[pytest.mark.sweep, pytest.mark.timeout(600)])])
def url(request, tmp_path):
    """A store that other processes reach too; fsspec's local files, for speed, and S3."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/{tmp_path.name}"
    return f"file://{tmp_path}/remote"


def test_an_upload_that_is_killed_anywhere_is_no_backup_until_its_manifest(tmp_path, url):
    path = _make_file(tmp_path / "app.db")
    policy = BackupPolicy(directory=tmp_path / "staging", store=url)
    dumped = "dump/database.sqlite3"
    for until in (dumped, f"in {dumped}", "manifest.copy.json", "manifest.json"):
        _kill_at(path, policy, until)
        assert list(policy.directory.glob("*.partial"))
        listed, unreadable = list_backups(open_store(policy))
        assert listed == ()
        assert all(one.endswith("has no manifest: not a backup, or never finished") for one in unreadable)
        assert not list(policy.directory.glob("*.partial"))  # the next command removed what was in clear

    _kill_at(path, policy, "after manifest.json")
    store = open_store(policy)
    (listing,), unreadable = list_backups(store)
    assert verify_backup(store, listing.manifest.id).good
    assert len(unreadable) == 4


def test_what_killed_uploads_and_removals_left_goes_after_a_day(tmp_path, url, monkeypatch):
    path = _make_file(tmp_path / "app.db")
    policy = BackupPolicy(directory=tmp_path / "staging", store=url)
    _kill_at(path, policy, "manifest.json")
    store = open_store(policy)
    assert isinstance(store, RemoteStore)
    store.prepare(0)
    assert len(store.names()) == 1  # it may still be arriving
    monkeypatch.setattr("alembic_safe.backup.stores.remote._ABANDONED", -1.0)
    store.prepare(0)
    assert store.names() == ()


def _made(tmp_path: Path, url: str | None = None) -> tuple[RemoteStore, str]:
    """A store with one good backup, and its id."""
    parameters = ConnectParameters("sqlite", "pysqlite", {"database": str(_make_file(tmp_path / "app.db"))})
    policy = BackupPolicy(directory=tmp_path / "staging", store=url or f"memory://{tmp_path.name}")
    with closing(open_database(parameters, policy=ControlPolicy())) as database:
        manifest = create_backup(database, policy=policy, run=None, heads={})
    store = open_store(policy)
    assert isinstance(store, RemoteStore)
    return store, manifest.id


def test_a_store_that_fails_for_a_moment_loses_no_good_backup(tmp_path, monkeypatch):
    """fsspec's exists() answers no to any error."""
    store, identifier = _made(tmp_path)
    monkeypatch.setattr("alembic_safe.backup.stores.remote._ABANDONED", -1.0)
    files = type(store._open()[0])
    for failing in ("exists", "info", "ls"):
        asked = getattr(files, failing)

        def breaking(self: Any, path: str, *args: Any, _asked: Any = asked, **kwargs: Any) -> Any:
            if identifier in path:
                raise OSError("503: slow down")
            return _asked(self, path, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(files, failing, breaking)
            if failing == "info":
                patch.setattr(
                    files, "exists", lambda *args, **kwargs: False
                )  # what its default makes of an error
            with suppress(BackupError):
                store.prepare(0)
        assert verify_backup(store, identifier).good


def test_a_backup_is_fetched_once_whatever_is_done_with_it(tmp_path, monkeypatch):
    """A store far away is paid for by the byte, and by the request."""
    store, identifier = _made(tmp_path)
    pieces, read = RemoteStore._pieces, RemoteStore.read
    asked: Counter[str] = Counter()

    def fetching(self: Any, identifier: str, name: str) -> Any:
        asked[name] += 1
        return pieces(self, identifier, name)

    def reading(self: Any, identifier: str, name: str) -> bytes:
        asked[name] += 1
        return read(self, identifier, name)

    monkeypatch.setattr(RemoteStore, "_pieces", fetching)
    monkeypatch.setattr(RemoteStore, "read", reading)
    flags = {"backup-store": store.url, "backup-dir": str(store.staging), "restore": True}
    done = workflow.verify_backup(load_settings("backup verify", flags, {}, tmp_path), identifier)
    (proof,) = done.proofs
    assert (done.exit, proof.good) == (0, True)
    assert proof.durations["fetch"] > 0
    assert done.backups[0].restored == proof and done.backups[0].verified is not None
    assert asked["dump/database.sqlite3"] == 1
    assert asked["manifest.json"] == asked["manifest.copy.json"] == 1

    asked.clear()
    with dump_at_hand(store, done.backups[0].manifest, None, lambda: None) as dump:
        assert (dump / "database.sqlite3").exists()
    assert asked["dump/database.sqlite3"] == 1


def test_a_url_of_this_machines_own_files_is_private_too(tmp_path):
    store, identifier = _made(tmp_path, f"file://{tmp_path}/remote/shop")
    assert verify_backup(store, identifier).good
    made = [tmp_path / "remote", *(tmp_path / "remote").rglob("*")]
    assert len(made) > 6
    assert {path.name for path in made if path.stat().st_mode & 0o077} == set()


class _HttpError(Exception):
    """What a store's library raises that knows no OSError, as gcsfs does."""


def test_errors_of_a_stores_own_kind_are_said(tmp_path, monkeypatch):
    store, identifier = _made(tmp_path)
    files = type(store._open()[0])

    def failing(*args: Any, **kwargs: Any) -> Any:
        raise _HttpError("503, slow down")

    class Torn:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *exception: object) -> None: ...

        def read(self, size: int) -> bytes:
            raise _HttpError("503, slow down")

    for broken in (failing, lambda *args, **kwargs: Torn()):
        with monkeypatch.context() as patch:
            patch.setattr(files, "open", broken)
            assert "503, slow down" in verify_backup(store, identifier).faults[0]
    monkeypatch.setattr("time.sleep", lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr(files, "open", failing)
        with pytest.raises(BackupError, match=r"cannot be uploaded to .* 503"), store.writing("x"):
            pass

    def stop(_: int) -> None:
        raise Interrupted("interrupted by SIGTERM")

    with pytest.raises(Interrupted), store.at_hand(identifier, stop):
        pass
    with pytest.raises(Interrupted), store.writing("x", stop) as folder:
        (folder / "manifest.json").write_text("{}")


def test_a_removal_that_breaks_anywhere_leaves_a_whole_backup_or_none(tmp_path, monkeypatch):
    fsspec = importlib.import_module("fsspec")

    parameters = ConnectParameters("sqlite", "pysqlite", {"database": str(_make_file(tmp_path / "app.db"))})
    policy = BackupPolicy(directory=tmp_path / "staging", store=f"memory://{tmp_path.name}")
    files = type(fsspec.filesystem("memory"))
    remove = files.rm_file
    for survived in range(4):
        database = open_database(parameters, policy=ControlPolicy())
        manifest = create_backup(database, policy=policy, run=None, heads={})
        database.close()
        store, left = open_store(policy), survived

        def breaking(self: Any, name: str) -> None:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            remove(self, name)

        with monkeypatch.context() as patch:
            patch.setattr(files, "rm_file", breaking)
            with pytest.raises(KeyboardInterrupt):
                store.remove(manifest.id)
        listed, _ = list_backups(store)
        assert [one.manifest.id for one in listed] == ([manifest.id] if survived == 0 else [])
        assert all(verify_backup(store, one.manifest.id).good for one in listed)
        if survived == 0:
            store.remove(manifest.id)


@pytest.mark.slow
def test_every_damage_in_a_remote_store_is_named_by_its_file(pg_database, make_project, url, tmp_path):
    """Manifest, second copy, table of contents, data; changed, truncated, grown, missing, added."""
    aws = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "FSSPEC_"))}
    revision = Rev("a1", "op.execute('CREATE TABLE t AS SELECT generate_series(1, 2000) AS id')")
    project = make_project(url=pg_database.url(), revisions=[revision])
    project.run("upgrade", "--no-backup=a test").ok()
    project.run("backup", "create", "--backup-store", url, env=aws).ok()
    store = open_store(BackupPolicy(directory=tmp_path / "staging", store=url))
    assert isinstance(store, RemoteStore)
    ((listing,), _) = list_backups(store)
    identifier = listing.manifest.id
    files, root = store._open()
    data = next(file.name for file in listing.manifest.files if file.name != "dump/toc.dat")
    seen = []
    for name in ("manifest.json", "manifest.copy.json", "dump/toc.dat", data):
        place = f"{root}/{identifier}/{name}"
        content = files.cat_file(place)
        changed = [
            content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            for at in (0, len(content) // 2, len(content) - 1)
        ]
        for damage in (*changed, content[:-1], content[: len(content) // 3], content + b"x", None):
            if damage is None:
                files.rm_file(place)
            else:
                files.pipe_file(place, damage)
            faults = verify_backup(store, identifier).faults
            assert len(faults) == 1 and faults[0].startswith(f"{name}: "), faults
            seen.append(faults[0])
        files.pipe_file(place, content)
    assert {one for one in seen if one.endswith(": missing")} == {
        f"{name}: missing" for name in ("manifest.json", "manifest.copy.json", "dump/toc.dat", data)
    }
    assert verify_backup(store, identifier).good
    files.pipe_file(f"{root}/{identifier}/dump/more.dat", b"x")

    done = project.run("backup", "verify", identifier, "--backup-store", url, env=aws)
    assert done.exit == 7
    assert "dump/more.dat: added since" in done.stdout + done.stderr
    restored = project.run("backup", "restore", identifier, "--yes", "--backup-store", url, env=aws)
    assert restored.exit == 7
    assert "dump/more.dat" in restored.stderr


def test_what_is_fetched_is_private_and_goes_with_a_kill_too(tmp_path):
    """In clear only as long as its command lives, and in no folder that others may enter."""
    from pyrage import x25519

    key = tmp_path / "key.txt"
    identity = x25519.Identity.generate()
    key.write_text(f"{identity}\n")
    path = _make_file(tmp_path / "app.db")
    policy = BackupPolicy(
        directory=tmp_path / "staging",
        store=f"file://{tmp_path}/remote",
        recipients=(str(identity.to_public()),),
    )
    database = open_database(
        ConnectParameters("sqlite", "pysqlite", {"database": str(path)}), policy=ControlPolicy()
    )
    manifest = create_backup(database, policy=policy, run=None, heads={})
    database.close()
    fetch = (
        "import sys, time\nfrom pathlib import Path\n"
        "from alembic_safe.backup import find_backup, open_store\n"
        "from alembic_safe.backup.reading import dump_at_hand\n"
        "from alembic_safe.model.policies import BackupPolicy\n"
        "store = open_store(BackupPolicy(directory=Path(sys.argv[1]), store=sys.argv[2]))\n"
        "manifest = find_backup(store, sys.argv[3]).manifest\n"
        "with dump_at_hand(store, manifest, Path(sys.argv[4]), lambda: None) as folder:\n"
        "    print(folder, flush=True)\n    time.sleep(600)\n"
    )
    arguments = [str(policy.directory), str(policy.store), manifest.id, str(key)]
    with subprocess.Popen(
        [sys.executable, "-c", fetch, *arguments], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            folder = Path(child.stdout.readline().strip())
            assert (folder / "database.sqlite3").exists()
            assert folder.is_relative_to(policy.directory)
            assert {one.stat().st_mode & 0o077 for one in (folder, folder.parent)} == {0}
            open_store(policy)
            assert (folder / "database.sqlite3").exists()  # whose command lives is left alone
        finally:
            child.kill()
    assert (folder / "database.sqlite3").exists()
    open_store(policy)
    assert [one.name for one in policy.directory.iterdir()] == [".gitignore"]


def test_a_disk_without_room_is_named_before_anything_is_fetched(tmp_path, monkeypatch):
    policy = BackupPolicy(directory=tmp_path / "staging", store=f"memory://{tmp_path.name}")
    parameters = ConnectParameters("sqlite", "pysqlite", {"database": str(_make_file(tmp_path / "app.db"))})
    database = open_database(parameters, policy=ControlPolicy())
    manifest = create_backup(database, policy=policy, run=None, heads={})
    database.close()
    store = open_store(policy)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=manifest.size - 1))
    verification = verify_backup(store, manifest.id)
    assert "too little room" in json.dumps(verification.faults)
    monkeypatch.undo()
    assert verify_backup(store, manifest.id).good
