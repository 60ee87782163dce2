"""A review: revisions rendered without any database, env.py executed only where that helps, nothing reached."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.bridge.review import Reviewed, review
from alembic_safe.errors import ProjectError
from alembic_safe.model.events import Event
from alembic_safe.model.revisions import RevisionListing
from tests.integration.bridge.conftest import a_job
from tests.support.projects import Project, Rev

NO_URL = "import os\nurl = os.environ['THE_DATABASE_URL']\n"
NEVER = "raise RuntimeError('env.py was executed')\n"
FIRST = Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))")


@pytest.fixture
def look(fork_server: tuple[Any, list[Event]]) -> Any:
    """Reviews a project."""
    workers, events = fork_server

    def look(project: Project, **job: Any) -> Reviewed:
        return review(workers, a_job(project, "review", **job), sink=events.append, tick=lambda: None)

    return look


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port that counts who connects."""
    met: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    met.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], met
        server.shutdown(socket.SHUT_RDWR)


def one(found: Reviewed, revision: str, target: int = 0) -> RevisionListing:
    return next(listing for listing in found.targets[target] if listing.revision.id == revision)


def sqls(listing: RevisionListing) -> list[str]:
    return [statement.sql for statement in listing.statements]


def test_what_needs_no_env_py_does_not_execute_it(look, make_project):
    project = make_project(env=NEVER, url="driver://nobody@nowhere/none", revisions=[FIRST])
    found = look(project)
    assert sqls(one(found, "a1"))[0].startswith("CREATE TABLE t (")
    assert "id SERIAL" in sqls(one(found, "a1"))[0], "not PostgreSQL's dialect"
    assert found.chosen == ("a1",)
    assert not found.notices


def test_statements_keep_line_values_and_their_own_commits(look, make_project):
    body = """
    op.execute("UPDATE t SET status = 'archived' WHERE x LIKE '%a'")
    t = sa.table('t', sa.column('status', sa.String), sa.column('day', sa.Date))
    op.execute(t.update().values(status='gone'))
    import datetime
    op.execute(t.update().where(t.c.day == datetime.date(2024, 1, 2)).values(status=sa.bindparam('b')))
    with op.get_context().autocommit_block():
        op.create_index('ix', 't', ['status'], postgresql_concurrently=True)
    op.execute('select 1')
    assert op.get_bind().dialect.server_version_info >= (17,)
    """
    project = make_project(env=NEVER, revisions=[Rev("a1", body)])
    listing = one(look(project, server_version=17, dialect="postgresql"), "a1")
    assert listing.not_inspectable is None
    assert sqls(listing)[0] == "UPDATE t SET status = 'archived' WHERE x LIKE '%a'"
    assert sqls(listing)[1] == "UPDATE t SET status='gone'"
    assert [s.autocommit for s in listing.statements] == [False, False, False, True, False]
    lines = [s.source.line for s in listing.statements if s.source]
    assert lines == sorted(lines) and len(set(lines)) == 5


def test_one_that_asks_the_database_hides_no_other(look, make_project):
    asks = "for row in op.get_bind().execute(sa.text('select 1')): pass"
    project = make_project(env=NEVER, revisions=[FIRST, Rev("b2", asks), Rev("c3", "op.execute('select 3')")])
    found = look(project)
    assert one(found, "b2").not_inspectable
    assert one(found, "b2").not_inspectable_at is not None
    assert sqls(one(found, "c3")) == ["select 3"]
    assert not found.notices, "env.py was tried, which cannot help"


@pytest.mark.parametrize(
    "reach",
    [
        "import socket; socket.create_connection(('127.0.0.1', {port}))",
        "sa.create_engine('postgresql+psycopg2://u:p@127.0.0.1:{port}/d').connect()",
        "import psycopg2; psycopg2.connect('host=127.0.0.1 port={port} user=u')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.fork() or os._exit(0)",
    ],
)
@pytest.mark.parametrize("where", ["body", "module", "env"])
def test_nothing_is_reached(look, make_project, listener, reach, where):
    port, met = listener
    reach = reach.format(port=port)
    body = f"{reach}\nop.execute('select 2')" if where == "body" else "op.execute('select 2')"
    head = f"import sqlalchemy as sa\n{reach}" if where == "module" else ""
    needs_env = Rev("b2", "from alembic import context\nop.execute(context.config.attributes['sql'])")
    env = f"import sqlalchemy as sa\n{reach}\n" if where == "env" else NEVER
    project = make_project(env=env, revisions=[FIRST, Rev("x9", body, head=head), needs_env])
    if where == "module":
        with pytest.raises(ProjectError, match="RefusedWhileRenderingError"):
            look(project)
    else:
        found = look(project)
        assert one(found, "a1").statements
        assert bool(one(found, "x9").not_inspectable) is (where == "body")
        assert one(found, "b2").not_inspectable
        assert [n for n in found.notices if "env.py cannot be executed without a database" in n]
    assert not met


def test_what_env_py_sets_up_is_had_from_it(look, make_project):
    body = "from alembic import context\nop.execute(context.config.attributes['sql'])"
    env = """
    from alembic import context
    context.config.attributes['sql'] = 'select 42'
    assert context.is_offline_mode()
    context.configure(url='sqlite:///never.db', literal_binds=True, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
    """
    project = make_project(env=env, revisions=[FIRST, Rev("b2", body)])
    found = look(project)
    assert sqls(one(found, "b2")) == ["select 42"]
    assert "SERIAL" not in sqls(one(found, "a1"))[0], "the dialect of the URL that env.py gives is not taken"
    assert not found.notices


def test_every_engine_of_a_multidb_project_is_a_target(look, make_project):
    body = {"engine1": "op.execute('select 1')", "engine2": "op.execute('select 2')"}
    found = look(make_project(template="multidb", revisions=[Rev("a1", body)]))
    assert [sqls(one(found, "a1", n)) for n in (0, 1)] == [["select 1"], ["select 2"]]
    # offline, alembic's template writes such files into the working directory, which is the fork server's here
    assert not Path("engine1.sql").exists()


def test_equal_tenants_are_one_target(look, make_project):
    env = """
    from alembic import context
    context.config.attributes['sql'] = 'select 42'
    for schema in ('one', 'two', 'three'):
        context.configure(url='postgresql://', version_table_schema=schema)
        with context.begin_transaction():
            context.run_migrations()
    """
    body = "from alembic import context\nop.execute(context.config.attributes['sql'])"
    found = look(make_project(env=env, revisions=[Rev("a1", body)]))
    assert len(found.targets) == 1


def test_version_locations_that_env_py_adds_are_seen(look, make_project):
    env = """
    from pathlib import Path
    from alembic import context
    here = Path(__file__).parent
    context.script.version_locations = [str(here / 'versions'), str(here / 'more')]
    context.script.__dict__.pop('_version_locations', None)
    context.configure(url='postgresql://')
    with context.begin_transaction():
        context.run_migrations()
    """
    project = make_project(env=env, revisions=[FIRST])
    text = "from alembic import op\nrevision = 'm1'\ndown_revision = 'a1'\ndef upgrade(): op.execute('select 5')\n"
    (project.script / "more").mkdir()
    (project.script / "more" / "m1.py").write_text(text)
    found = look(project)
    assert sqls(one(found, "m1")) == ["select 5"]


def test_an_env_py_that_cannot_run_leaves_what_was_seen_without_it(look, make_project):
    body = "from alembic import context\nop.execute(context.config.attributes['sql'])"
    found = look(make_project(env=NO_URL, revisions=[FIRST, Rev("b2", body)]))
    assert one(found, "a1").statements
    assert "KeyError" in (one(found, "b2").not_inspectable or "")
    (notice,) = found.notices
    assert "THE_DATABASE_URL" in notice and "b2" in notice


def test_a_directory_that_cannot_be_loaded_is_the_fault_said(look, make_project):
    project = make_project(env=NO_URL, revisions=[FIRST, Rev("b2", text="import nonesuch_module\n")])
    with pytest.raises(ProjectError, match="nonesuch_module") as caught:
        look(project)
    assert "THE_DATABASE_URL" in (caught.value.detail or "")


@pytest.mark.parametrize(
    ("base", "destination", "chosen"),
    [
        ("base", "heads", ("a", "b", "c", "d")),
        ("b", "heads", ("c", "d")),
        ("base", "b", ("a", "b")),
        ("a", "c", ("b", "c")),
        ("heads", "heads", ()),
        ("d-2", "d", ("c", "d")),
    ],
)
def test_a_range_is_after_its_base_up_to_its_end(look, make_project, base, destination, chosen):
    project = make_project(env=NEVER, revisions=[Rev(name) for name in "abcd"])
    found = look(project, base=base, destination=destination)
    assert found.chosen == chosen
    assert len(found.targets[0]) == 4, "the others are needed to know the schema"


def test_files_and_single_revisions_choose_themselves(look, make_project):
    project = make_project(env=NEVER, revisions=[Rev(name) for name in "abcd"])
    paths = tuple(str(path) for path in sorted(project.versions.glob("[bd]_*.py")))
    assert look(project, paths=(*paths, str(project.env), "/nowhere.py")).chosen == ("b", "d")
    assert look(project, base="", destination="c").chosen == ("c",)
    assert look(project, base="", destination="heads").chosen == ("d",)


def test_the_way_back_of_the_chosen_is_shown_too(look, make_project):
    revisions = [Rev(name, f"op.execute('up {name}')", f"op.execute('down {name}')") for name in "ab"]
    project = make_project(env=NEVER, revisions=[*revisions, Rev("c", downgrade=None)])
    found = look(project, base="a")
    (back,) = found.downgrades[0]
    assert (back.revision.id, back.direction, sqls(back)) == ("b", "downgrade", ["down b"])
    assert [one.revision.id for one in found.targets[0]] == ["a", "b", "c"]


def test_an_unknown_revision_is_named(look, make_project):
    with pytest.raises(ProjectError, match="there is no revision zz in this checkout"):
        look(make_project(env=NEVER, revisions=[FIRST]), destination="zz")


def test_a_revision_that_does_not_end_is_cut(look, make_project):
    """Its file sets the time that it gets, in the worker that reads it: ten seconds are long to wait for."""
    head = (
        "from alembic_safe.bridge.worker import render\nassert render._SECONDS == 10\nrender._SECONDS = 1.5"
    )
    body = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except Exception:\n        pass"
    project = make_project(env=NEVER, revisions=[FIRST, Rev("b2", body, head=head)])
    found = look(project)
    assert "it took longer than 1.5 s" in (one(found, "b2").not_inspectable or "")
    assert not found.notices


def test_nothing_is_written(look, make_project):
    def files(path: Path) -> set[str]:
        return {str(p) for p in path.rglob("*") if "__pycache__" not in str(p)}

    project = make_project(revisions=[FIRST])
    before = files(project.path)
    look(project)
    assert files(project.path) == before
