"""Whatever an env.py does, with a redirect it reaches a clone or nothing: proven on a server that logs connections."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import psycopg2.extensions
import pytest

from alembic_safe.bridge import Workers
from alembic_safe.bridge.scratch import Played, played
from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.model.events import Event
from alembic_safe.model.scratch import ScratchPolicy
from tests.integration.bridge.conftest import OLD_SQLALCHEMY, SYNC_DRIVERS, a_job
from tests.support.databases import MAJORS, binaries_by_major
from tests.support.processes import wait_until
from tests.support.projects import Project, Rev

TABLE = Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")
Make = Callable[..., Project]
Play = Callable[..., Played]
RUN = "20261122T024300Z-abc123"


@pytest.fixture(scope="module")
def place() -> Iterator[ScratchPlace]:
    """Where scratch databases are made: a temporary server."""
    if MAJORS == (0,):
        pytest.skip("no PostgreSQL programs on this machine")
    found = open_scratch(ScratchPolicy(), dialect="postgresql", run=RUN)
    assert found is not None
    with found:
        yield found


@dataclass(frozen=True, slots=True)
class Decoy:
    """The database that an env.py names, on a server that writes every connection down."""

    server: TemporaryServer
    name: str
    watch: psycopg2.extensions.connection

    def url(self, driver: str) -> str:
        return self.server.url(driver, self.name, tcp=True)

    def connections(self) -> list[str]:
        """Lines of its log about somebody who reached it, by whatever way and to whichever database."""
        log = (self.server.folder / "server.log").read_text(errors="replace")
        words = ("connection received", f"database={self.name}")
        return [line for line in log.splitlines() if any(word in line for word in words)]

    def counters(self) -> tuple[int, int]:
        """Sessions that the server ever had, and transactions in every database but the one looked from."""
        with self.watch.cursor() as cursor:
            cursor.execute(
                "select sum(sessions)::int, sum(xact_commit + xact_rollback)"
                " filter (where datname <> current_database())::int from pg_stat_database where datid <> 0"
            )
            found: tuple[int, int] = cursor.fetchone()
        return found


@pytest.fixture(scope="module")
def decoy_server() -> Iterator[TemporaryServer]:
    """A server with a port, on which nobody but a hostile env.py connects once it is set up."""
    if MAJORS == (0,):
        pytest.skip("no PostgreSQL programs on this machine")
    # an autovacuum worker's transactions would count as somebody's
    settings = {"log_connections": "on", "log_statement": "all", "autovacuum": "off"}
    with TemporaryServer(binaries_by_major()[MAJORS[0]], settings=settings, tcp=True) as server:
        server.create_database("shop")
        yield server


@pytest.fixture(scope="module")
def watched(decoy_server: TemporaryServer) -> Iterator[Decoy]:
    """The decoy with the one session that looks at its counters, from another database."""
    watch = psycopg2.connect(decoy_server.url("psycopg2", "postgres").replace("+psycopg2", ""))
    watch.autocommit = True
    yield Decoy(decoy_server, "shop", watch)
    watch.close()


@pytest.fixture
def decoy(watched: Decoy) -> Iterator[Decoy]:
    """The decoy; the test fails if anything reached it: by the server's log, and by its own counters."""
    before, counted = len(watched.connections()), watched.counters()
    yield watched
    assert watched.connections()[before:] == []
    assert watched.counters() == counted


@pytest.fixture
def play(fork_server: tuple[Workers, list[Event]], place: ScratchPlace) -> Callable[..., Played]:
    """Replays a project on scratch databases."""
    workers, events = fork_server
    events.clear()

    def one(project: Project, **further: object) -> Played:
        job = further.pop("job", {})
        assert isinstance(job, dict)
        task = a_job(project, "apply", **job)
        found = played(place, workers, (task,), sink=events.append, tick=lambda: None, **further)  # type: ignore[arg-type]
        for clone in found.clones:
            place.drop(clone)
        return found

    return one


def applied(found: Played) -> list[str]:
    """Revisions that ran to their end."""
    listings = [one for target in found.replays[-1].targets for one in target.listings]
    return [one.revision.id for one in listings if not one.not_inspectable]


def env(head: str, body: str) -> str:
    """An env.py that is written by hand."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"""
from alembic import context
import sqlalchemy as sa
{head}

def run(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

def main():
{lines}

main()
"""


ENGINE = "with engine.connect() as connection:\n    run(connection)"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_decoy_tells_a_connection_of_each_driver(driver: str, watched: Decoy) -> None:
    """Else the silence of its log and counters would prove nothing."""
    pytest.importorskip(driver)
    before, counted = len(watched.connections()), watched.counters()
    dsn = watched.url(driver).replace(f"+{driver}", "")
    if driver == "asyncpg":
        asyncio.run(_once(dsn))
    else:
        connection = import_module(driver).connect(dsn)
        connection.cursor().execute("select 1")
        connection.commit()
        connection.close()
    assert len(watched.connections()) > before
    # a session's counts are there when its process is gone
    wait_until(lambda: watched.counters()[0] > counted[0] and watched.counters()[1] > counted[1], 10)


async def _once(dsn: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    await connection.execute("select 1")
    await connection.close()


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_engine_of_its_own(driver: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    text = env(f"engine = sa.create_engine({decoy.url(driver)!r})", ENGINE)
    found = play(make_project(env=text, revisions=[TABLE]))
    assert found.replays[-1].fault is None
    assert applied(found) == ["a1"]
    assert not found.replays[-1].notices
    (statement,) = found.replays[-1].targets[0].listings[0].statements
    assert statement.sql.startswith("CREATE TABLE t")
    assert statement.source is not None
    assert statement.source.file.endswith("a1_revision.py")


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_creator_and_connect_taken_by_name(driver: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    dsn = decoy.url(driver).replace(f"+{driver}", "")
    head = f"""
from {driver} import connect
engine = sa.create_engine('postgresql+{driver}://', creator=lambda: connect({dsn!r}))
"""
    found = play(make_project(env=env(head, ENGINE), revisions=[TABLE]))
    assert applied(found) == ["a1"], found.replays[-1].fault


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_listener_that_puts_the_address_in_late(
    driver: str, decoy: Decoy, make_project: Make, play: Play
) -> None:
    host, port = "127.0.0.1", decoy.server.port
    head = f"""
engine = sa.create_engine('postgresql+{driver}://nobody@nowhere.invalid/other')
@sa.event.listens_for(engine, "do_connect")
def late(dialect, record, arguments, keywords):
    arguments[:] = []
    keywords.clear()
    keywords.update(host={host!r}, port={port}, dbname='shop', user='postgres', password={decoy.server.password!r})
"""
    found = play(make_project(env=env(head, ENGINE), revisions=[TABLE]))
    assert applied(found) == ["a1"], found.replays[-1].fault


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_environment_of_libpq(driver: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    """PGHOSTADDR wins over a host, and a service file over everything."""
    service = (
        f"[shop]\nhost=127.0.0.1\nport={decoy.server.port}\ndbname=shop\nuser=postgres\n"
        f"password={decoy.server.password}\n"
    )
    head = f"""
import os, pathlib
file = pathlib.Path(__file__).with_name("services")
file.write_text({service!r}.replace("\\\\n", chr(10)))
os.environ.update(PGSERVICEFILE=str(file), PGSERVICE="shop", PGHOSTADDR="127.0.0.1", PGPORT="{decoy.server.port}")
engine = sa.create_engine('postgresql+{driver}:///?service=shop')
"""
    found = play(make_project(env=env(head, ENGINE), revisions=[TABLE]))
    assert applied(found) == ["a1"], found.replays[-1].fault


ASYNC = """
import asyncio
async def go():
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()
asyncio.run(go())
"""


@pytest.mark.parametrize("driver", ["asyncpg"] if OLD_SQLALCHEMY else ["asyncpg", "psycopg"])
def test_async(driver: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    head = f"""
from sqlalchemy.ext.asyncio import create_async_engine
engine = create_async_engine({decoy.url(driver)!r})
"""
    found = play(make_project(env=env(head, ASYNC), revisions=[TABLE]))
    assert applied(found) == ["a1"], found.replays[-1].fault


FOUND = "\nop.execute('select id from raw')\nop.execute('drop table raw')\n"
RAW = {
    "psycopg": """
import psycopg
with psycopg.connect({dsn!r}, autocommit=True) as c:
    c.execute('create table raw (id int)')
""",
    "psycopg-class": """
import psycopg
class Mine(psycopg.Connection): pass
with Mine.connect({dsn!r}, autocommit=True) as c:
    c.execute('create table raw (id int)')
""",
    "psycopg-pq": """
import psycopg
c = psycopg.pq.PGconn.connect({dsn!r}.encode())
c.exec_(b'create table raw (id int)')
""",
    "psycopg-keywords": """
import psycopg
with psycopg.connect(host='127.0.0.1', port={port}, dbname='shop', user='postgres', password={password!r},
                     autocommit=True) as c:
    c.execute('create table raw (id int)')
""",
    "psycopg2": """
import psycopg2
c = psycopg2.connect({dsn!r})
c.cursor().execute('create table raw (id int)')
c.commit()
""",
    "psycopg2-class": """
import psycopg2.extensions
c = psycopg2.extensions.connection({dsn!r})
c.cursor().execute('create table raw (id int)')
c.commit()
""",
    "psycopg2-factory": """
import psycopg2.extensions
class Mine(psycopg2.extensions.connection): pass
c = psycopg2.connect({dsn!r}, connection_factory=Mine)
c.cursor().execute('create table raw (id int)')
c.commit()
""",
    "psycopg2-lower": """
import psycopg2
c = psycopg2._connect({dsn!r})
c.cursor().execute('create table raw (id int)')
c.commit()
""",
    "psycopg2-pool": """
from psycopg2.pool import SimpleConnectionPool
c = SimpleConnectionPool(1, 1, {dsn!r}).getconn()
c.cursor().execute('create table raw (id int)')
c.commit()
""",
    "asyncpg": """
import asyncio, asyncpg
async def go():
    c = await asyncpg.connect({dsn!r})
    await c.execute('create table raw (id int)')
    await c.close()
asyncio.run(go())
""",
    "asyncpg-pool": """
import asyncio, asyncpg
async def go():
    async with asyncpg.create_pool({dsn!r}, min_size=1) as pool:
        await pool.execute('create table raw (id int)')
asyncio.run(go())
""",
}


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_raw_connections_in_revisions(driver: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    """Each lands on the clone: its revision finds there what it made by its own connection."""
    dsn = decoy.url("psycopg2").replace("+psycopg2", "")
    ways = [how for how in RAW if how.partition("-")[0] == driver]
    revisions = [
        Rev(
            f"r{at}", RAW[how].format(dsn=dsn, port=decoy.server.port, password=decoy.server.password) + FOUND
        )
        for at, how in enumerate(ways)
    ]
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    found = play(make_project(env=text, revisions=revisions))
    assert applied(found) == [f"r{at}" for at in range(len(ways))], found.replays[-1].fault


CURSORS = {
    "of the connection": "op.get_bind().connection.cursor().execute({sql!r})",
    "composed": """
from psycopg2 import connect, sql
from psycopg2.extras import RealDictCursor
connect({dsn!r}).cursor(cursor_factory=RealDictCursor).execute(sql.SQL({sql!r}))
""",
    "callproc": """
import psycopg2
psycopg2.connect({dsn!r}).cursor().callproc('dblink_exec', ['host=x', 'drop table t'])
""",
    "batch": """
import psycopg2, psycopg2.extras
psycopg2.extras.execute_values(psycopg2.connect({dsn!r}).cursor(), {sql!r} + ' /* %s */', [(1,)])
""",
}


def test_what_drivers_execute_by_themselves_is_refused_too(
    decoy: Decoy, make_project: Make, play: Play
) -> None:
    """By whichever cursor: the server itself would reach out, and the decoy would be told of it."""
    sql = f"create subscription s connection 'host=127.0.0.1 port={decoy.server.port} dbname=shop' publication p"
    dsn = decoy.url("psycopg2").replace("+psycopg2", "")
    ways = [
        one.replace("create table raw (id int)", sql.replace("'", "\\'"))
        for how, one in RAW.items()
        if how != "psycopg-pq"
    ]
    bodies = [
        one.format(sql=sql, dsn=dsn, port=decoy.server.port, password=decoy.server.password)
        for one in (*CURSORS.values(), *ways)
    ]
    swallowed = [CAUGHT + textwrap.indent(textwrap.dedent(one), "    ") + PROVEN for one in bodies]
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    revisions = [Rev(f"r{at}", body) for at, body in enumerate(swallowed)]
    found = play(make_project(env=text, revisions=revisions))
    assert len(applied(found)) == len(revisions), found.replays[-1].fault


def test_module_level_engine_and_a_thread(decoy: Decoy, make_project: Make, play: Play) -> None:
    """An engine that a module of the application makes and connects when it is imported; another in a thread."""
    url = decoy.url(SYNC_DRIVERS[0])
    files = {
        "app/__init__.py": "",
        "app/db.py": f"""
            import threading
            import sqlalchemy as sa
            engine = sa.create_engine({url!r})
            with engine.connect() as connection:
                connection.execute(sa.text("select 1"))
            def work():
                with sa.create_engine({url!r}).connect() as c:
                    c.execute(sa.text("create table by_thread (id int)"))
                    c.execute(sa.text("commit"))
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        """,
    }
    body = "from app.db import engine\nwith engine.connect() as c:\n    c.execute(sa.text('select * from by_thread'))"
    rev = Rev("a1", body)
    project = make_project(env=env("from app.db import engine", ENGINE), revisions=[rev], files=files)
    found = play(project)
    assert applied(found) == ["a1"], found.replays[-1].fault
    (statement,) = found.replays[-1].targets[0].listings[0].statements
    assert statement.sql == "select * from by_thread"


OUTSIDE = {
    "subprocess": """
import subprocess
subprocess.run(['psql', {dsn!r}, '-c', 'create table x ()'])
""",
    "system": """
import os
os.system('true')
""",
    "posix_spawn": """
import os
os.posix_spawn('/bin/true', ['true'], {{}})
""",
    "fork": """
import os
os.fork()
""",
    "exec": """
import os
os.execv('/bin/true', ['true'])
""",
    "multiprocessing": """
import multiprocessing
multiprocessing.get_context('spawn').Process(target=print).start()
""",
    "socket": """
import socket
socket.create_connection(('127.0.0.1', {port}))
""",
    "connect_ex": """
import socket
s = socket.socket()
assert s.connect_ex(('127.0.0.1', {port}))
""",
    "unix socket": """
import socket
socket.socket(socket.AF_UNIX).connect({folder!r} + '/.s.PGSQL.5432')
""",
    "subscription": """
op.execute("create subscription s connection 'host=127.0.0.1 port={port}' publication p")
""",
    "dblink": """
op.execute("do $$ begin perform dblink_connect('host=127.0.0.1 port={port} dbname=shop'); end $$")
""",
    "copy program": "op.execute(\"copy pg_class to program 'cat'\")",
}


STATEMENTS = ("subscription", "dblink", "copy program")


@pytest.mark.parametrize("how", ["subprocess", *STATEMENTS])
def test_other_ways_out_are_refused(how: str, decoy: Decoy, make_project: Make, play: Play) -> None:
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    found = play(make_project(env=text, revisions=[Rev("a1", outside(how, decoy))]))
    assert applied(found) == []
    assert found.replays[-1].fault is not None
    assert "scratch database" in found.replays[-1].fault.message
    assert any(note.startswith("refused while revisions run") for note in found.replays[-1].notices)


def test_each_way_out_of_the_process_is_refused(decoy: Decoy, make_project: Make, play: Play) -> None:
    """All in one run: a revision passes only if its way out raised, and the refusal named the scratch."""
    ways = [how for how in OUTSIDE if how not in STATEMENTS]
    revisions = [
        Rev(f"r{at}", f"{CAUGHT}{textwrap.indent(outside(how, decoy), '    ')}{PROVEN}")
        for at, how in enumerate(ways)
    ]
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    found = play(make_project(env=text, revisions=revisions))
    assert applied(found) == [f"r{at}" for at in range(len(ways))], found.replays[-1].fault


def outside(how: str, decoy: Decoy) -> str:
    """A revision's body that leaves by this way."""
    dsn = decoy.url("psycopg2").replace("+psycopg2", "")
    return OUTSIDE[how].format(dsn=dsn, port=decoy.server.port, folder=str(decoy.server.folder))


CAUGHT = "said = ''\ntry:\n"
PROVEN = (
    "\nexcept BaseException as refused:\n    said = str(refused)\nassert 'scratch database' in said, said\n"
)


def test_refusal_that_is_swallowed_is_told(decoy: Decoy, make_project: Make, play: Play) -> None:
    body = "import subprocess\ntry:\n    subprocess.run(['true'])\nexcept Exception:\n    pass"
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    found = play(make_project(env=text, revisions=[Rev("a1", body)]))
    assert applied(found) == ["a1"]
    assert "it starts a program (true)" in found.replays[-1].notices[0]


def test_programs_when_they_are_allowed(decoy: Decoy, make_project: Make, play: Play) -> None:
    body = "import subprocess\nsubprocess.run(['true'], check=True)"
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    project = make_project(env=text, revisions=[Rev("a1", body)])
    found = play(project, allow_subprocess=True)
    assert applied(found) == ["a1"], found.replays[-1].fault
    assert "whose connections are not redirected" in found.replays[-1].notices[0]


def test_two_databases_get_two_clones(decoy: Decoy, make_project: Make, play: Play) -> None:
    """As the multidb template does: each engine's version table on a clone of its own."""
    url = decoy.url(SYNC_DRIVERS[0])
    body = f"""
for name in ("shop", "stock"):
    with sa.create_engine({url!r}.replace("/shop", "/" + name)).connect() as connection:
        run(connection)
"""
    found = play(make_project(env=env("", body), revisions=[TABLE]))
    assert found.replays[-1].fault is None
    assert [target.heads for target in found.replays[-1].targets] == [("a1",), ("a1",)]
    assert len({target.found.target.database for target in found.replays[-1].targets}) == 2


def test_env_that_cannot_be_executed(make_project: Make, play: Play) -> None:
    """The revisions run all the same, as alembic's own template would run them."""
    text = env("import os\nurl = os.environ['SURELY_NOT_SET']", "pass")
    body = "assert op.get_bind().execute(sa.text('select 1')).scalar() == 1\nop.execute('create table t ()')"
    rev = Rev("a1", body)
    found = play(make_project(env=text, revisions=[rev]))
    assert applied(found) == ["a1"], found.replays[-1].fault
    assert "without env.py" in found.replays[-1].notices[-1]
    assert "SURELY_NOT_SET" in found.replays[-1].notices[-1]


def test_env_of_another_dialect(tmp_path: Path, make_project: Make, play: Play) -> None:
    """An SQLite file of the project is neither opened nor made; alembic gets PostgreSQL when that is judged."""
    file = tmp_path / "real.db"
    text = env(f"engine = sa.create_engine('sqlite:///{file}')", ENGINE)
    body = f"import sqlite3\nsqlite3.connect({str(file)!r}).execute('create table x (id int)')\n"
    rev = Rev("a1", body + "op.execute('create table t (a int[])')")
    project = make_project(env=text, revisions=[rev])
    found = play(project, dialect="postgresql")
    assert applied(found) == ["a1"], found.replays[-1].fault
    assert not file.exists()
    assert any("instead" in note for note in found.replays[-1].notices)


def test_attached_file_is_refused(tmp_path: Path, make_project: Make, play: Play) -> None:
    body = "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('vacuum')\n"
    body += f"c.execute(\"attach '{tmp_path}/real.db' as r\")"
    found = play(make_project(revisions=[Rev("a1", body)]))
    assert applied(found) == []
    assert "not authorized" in str(found.replays[-1].fault)
    assert not (tmp_path / "real.db").exists()


def test_role_that_a_history_expects(decoy: Decoy, make_project: Make, play: Play) -> None:
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    body = "op.execute('grant select on t to reporting_by_nobody')\n"
    rev = Rev("b2", body + "op.execute('alter database shop_x set timezone to utc')")
    found = play(make_project(env=text, revisions=[TABLE, rev]))
    assert applied(found) == ["a1", "b2"], found.replays[-1].fault
    assert found.made == ("role reporting_by_nobody", "database shop_x")


def test_extension_that_is_not_there(decoy: Decoy, make_project: Make, play: Play) -> None:
    text = env(f"engine = sa.create_engine({decoy.url(SYNC_DRIVERS[0])!r})", ENGINE)
    found = play(
        make_project(env=text, revisions=[TABLE, Rev("b2", "op.execute('create extension no_such_thing')")])
    )
    assert applied(found) == ["a1"]
    assert found.extension == "no_such_thing"
