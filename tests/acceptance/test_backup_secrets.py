"""While a dump runs: no password in any command line, in no environment but the dump's, in nothing that is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.databases import DEFAULT_DRIVER
from tests.support.processes import marked, wait_until
from tests.support.projects import Rev

pytestmark = pytest.mark.timeout(300)
# dumps once the file `go` is there, so that there is time to look around; its version it says at once
SLOW = """#!{python} -IS
import os, sys, time
while "--version" not in sys.argv and "{name}" == "pg_dump" and not os.path.exists("{folder}/go"):
    time.sleep(0.02)
os.execv("{bindir}/{name}", ["{bindir}/{name}", *sys.argv[1:]])
"""


@pytest.fixture
def tokens(pg_tcp):
    pg_tcp.create_database("secrets")
    with pg_tcp.connect("secrets") as connection:
        connection.execute("CREATE TABLE a AS SELECT generate_series(1, 100) AS g")
    yield pg_tcp.url(DEFAULT_DRIVER, "secrets", tcp=True)
    pg_tcp.drop_database("secrets")


def _slow_clients(folder, bindir):
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text(
            SLOW.format(python=sys.executable, folder=folder, name=name, bindir=bindir)
        )
        (folder / name).chmod(0o755)
    return folder


def _read(pid, what):
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:  # gone, or not ours to read
        return b""


def _everybody():
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _dumps(clients):
    """The launcher and what it launched; these have none of the suite's marks in their environment."""
    word = f"{clients}/pg_dump".encode()
    return [pid for pid in _everybody() if word in (said := _read(pid, "cmdline")) and b"--jobs" in said]


def test_nobody_but_the_dump_is_given_the_password(tokens, pg_tcp, make_project, tmp_path):
    clients = _slow_clients(tmp_path / "slow", pg_tcp.bindir)
    project = make_project(url=tokens, revisions=[Rev("a1", "op.execute('CREATE TABLE t ()')", "pass")])
    secret = pg_tcp.password.encode()
    process = project.start("upgrade", "--verbose", "--pg-bindir", str(clients), "--format", "json")
    try:
        wait_until(lambda: _dumps(clients), 120, "pg_dump to begin")
        in_words = {pid for pid in _everybody() if secret in _read(pid, "cmdline")}
        dumps = set(_dumps(clients))
        theirs = {*marked(project.mark), *dumps}
        given = {pid for pid in theirs if secret in _read(pid, "environ")}
    finally:
        (clients / "go").touch()
        out, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert in_words == set()
    assert len(theirs) > len(dumps)  # the supervisor and its fork server at least
    assert given, "nobody has it: this test looks in the wrong place"
    assert given <= dumps
    assert secret.decode() not in out + said
    kept = [one for one in (project.path / ".alembic-safe").rglob("*") if one.is_file()]
    assert [one for one in kept if one.name == "manifest.json"]
    assert not [one for one in kept if secret in one.read_bytes()]


def test_a_command_of_the_users_is_not_given_it(tokens, pg_tcp, make_project):
    project = make_project(url=tokens, revisions=[Rev("a1", "op.execute('CREATE TABLE t ()')", "pass")])
    told = "cat /proc/self/environ > environ; tr '\\0' ' ' < /proc/$PPID/cmdline > cmdline; exit 3"
    refused = project.run("backup", "create", "--backup-command", told, timeout=120)
    assert refused.exit == 7, str(refused)
    environ = (project.path / "environ").read_bytes()
    assert b"SAFE_BACKUP_ID=" in environ
    assert pg_tcp.password.encode() not in environ + (project.path / "cmdline").read_bytes()
