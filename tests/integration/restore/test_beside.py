"""Databases beside a target: which a later command may drop, and what a role with CREATEDB alone can do."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from alembic_safe.backup import create_backup
from alembic_safe.backup.restore import replacing, trying
from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.databases import open_database
from alembic_safe.databases.postgresql import beside
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.events import ignore
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.support.processes import wait_until


def _opened(keywords: dict[str, str]) -> Any:
    return open_database(ConnectParameters("postgresql", "psycopg", keywords), policy=ControlPolicy())


@pytest.fixture
def control(pg_database) -> Any:
    with closing(_opened(pg_database.server.keywords())) as database:
        yield database


def _comment(control: Any, name: str) -> str:
    found = "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    return str(control.fetch(found, [name])[0][0])


def test_a_proof_that_goes_on_is_not_forgotten(pg_database, control):
    name = f"{trying._PREFIX}_abc123_at_20260101t000000"
    like = beside.of(control, pg_database.name)
    beside.make(control, name, like, beside.Mark("b1", trying._PREFIX))
    try:
        with closing(beside.open_named(
            ConnectParameters("postgresql", "psycopg", pg_database.server.keywords()), ControlPolicy(), name
        )):  # fmt: skip
            trying._remove_forgotten(control)
            assert beside.exists(control, name)
        trying._remove_forgotten(control)
        assert not beside.exists(control, name)
    finally:
        beside.drop(control, name)


def test_what_is_restored_beside_is_tidied_away_by_nobody(pg_database, control):
    """It is made without the deploy lock: another restore of the target may be tidying meanwhile."""
    name, target = f"{pg_database.name}_repair", pg_database.name
    like = beside.of(control, target)
    beside.make(control, name, like, beside.Mark("b1", target, stays=True))
    try:
        assert beside.find_ours(control, target) == ()
        beside.seal(control, name, beside.Mark("b1", target, stays=True))
        assert beside.find_ours(control, target) == ()
        assert "b1 beside" in _comment(control, name)
        beside.unseal(control, name)
        beside.hand_over(control, name, "it is ready")
        assert _comment(control, name) == "it is ready"
        beside.seal(control, name, beside.Mark("b1", target))
        assert beside.find_ours(control, target) == (beside.Beside(name, "b1", True),)
    finally:
        beside.drop(control, name)


def test_what_a_killed_restore_beside_left_is_dropped_once_nobody_is_on_it(pg_database, control):
    target = pg_database.name
    like = beside.of(control, target)
    left, others, whole = (f"{target}_{what}" for what in ("left", "others", "whole"))
    for name, of in ((left, target), (others, f"{target}2"), (whole, target)):
        beside.make(control, name, like, beside.Mark("b1", of, stays=True))
    beside.hand_over(control, whole, "alembic-safe: backup b1, restored beside")
    try:
        with closing(_opened(pg_database.keywords | {"dbname": left})):
            assert not beside.is_left(control, left)
            assert beside.remove_left(control, target, also=left) == ()
        wait_until(lambda: beside.is_left(control, left), 10, "its last session to be gone")
        assert beside.remove_left(control, target) == (left,)
        assert not beside.exists(control, left)
        assert beside.exists(control, others) and beside.exists(control, whole)
        assert beside.remove_left(control, target, also=others) == (others,)
        assert beside.remove_left(control, target, also=whole) == ()
    finally:
        for name in (left, others, whole):
            beside.drop(control, name)


def test_a_copy_with_a_subscription_can_be_dropped_and_what_cannot_follow_is_listed(pg_database, control):
    """A dump brings subscriptions back, disabled; a database that has one is not dropped by the server."""
    subscribe = (
        "CREATE SUBSCRIPTION \"the feed\" CONNECTION 'dbname=nowhere' PUBLICATION p"
        " WITH (connect = false, slot_name = 'a_slot_of_the_target')"
    )
    name, target = f"{pg_database.name}_restoring_20260101t000000", pg_database.name
    beside.make(control, name, beside.of(control, target), beside.Mark("b1", target))
    keywords = pg_database.server.keywords()
    try:
        with closing(_opened({**keywords, "dbname": name})) as copy:
            copy.execute(subscribe)
        beside.seal(control, name, beside.Mark("b1", target))
        beside.drop(control, name)
        assert not beside.exists(control, name)
    finally:
        beside.drop(control, name)

    with closing(_opened(pg_database.keywords)) as live:
        live.execute("SET client_min_messages = error; CREATE PUBLICATION p FOR ALL TABLES")
        live.execute(subscribe)
        try:
            assert beside.what_stays(control, target) == (("subscription", "the feed", "disabled"),)
            assert beside.published(live) == ("p",)
        finally:
            live.execute('ALTER SUBSCRIPTION "the feed" SET (slot_name = NONE)')
            live.execute('DROP SUBSCRIPTION "the feed"')


@pytest.fixture
def plain(pg_database, control) -> Any:
    """The keywords of a role that has CREATEDB and nothing else; owns nothing of the database."""
    role = f"{pg_database.name}_plain"
    control.execute(f'CREATE ROLE "{role}" LOGIN CREATEDB')
    yield pg_database.keywords | {"user": role}
    control.execute(f'DROP ROLE "{role}"')


def test_a_role_with_createdb_alone_proves_and_restores_beside(pg_database, control, plain, tmp_path):
    pg_database.fetch("CREATE TABLE t AS SELECT generate_series(1, 10) AS id; GRANT SELECT ON t TO PUBLIC")
    with closing(_opened(pg_database.keywords)) as database:
        manifest = create_backup(database, policy=BackupPolicy(tmp_path / "b"), run=None, heads={})
    dump = tmp_path / "b" / manifest.id / "dump"
    how: dict[str, Any] = {"jobs": 1, "sink": ignore, "tick": lambda: None, "watch": Stopwatch()}

    loaded, _ = trying.try_on_server(manifest, dump, server=ControlPolicy(keywords=plain), bindir=None, **how)
    assert (loaded.faults, loaded.rows) == ((), 10)

    name = f"{pg_database.name}_repair"
    parameters = ConnectParameters("postgresql", "psycopg", plain)
    with closing(_opened(plain)) as target:
        ground = replacing.stand(target, parameters, ControlPolicy(), manifest, None)
        try:
            assert replacing.bring(ground, manifest, dump, name, stays=True, **how).rows == 10
            assert not beside.is_left(control, name)  # it is whole, and its user's
        finally:
            ground.close()
    owner = "SELECT pg_catalog.pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = %s"
    assert control.fetch(owner, [name]) == [(plain["user"],)]
    beside.drop(control, name)


def test_a_membership_that_is_not_whole_is_named_and_the_server_refuses_it(any_pg_database):
    """From 16 on a membership may lack SET, which giving a database away takes, or INHERIT, which renaming takes."""
    database = any_pg_database
    name, role, owner = database.name, f"{database.name}_plain", f"{database.name}_owner"
    whole = (f'GRANT "{owner}" TO "{role}"', f'ALTER ROLE "{role}" INHERIT')
    kinds: dict[str, tuple[str, ...]] = {
        "": whole,
        "INHERIT": (f'GRANT "{owner}" TO "{role}"', f'ALTER ROLE "{role}" NOINHERIT'),
    }
    if database.major >= 16:
        kinds |= {"SET": (f'GRANT "{owner}" TO "{role}" WITH INHERIT TRUE, SET FALSE',)}
        kinds["INHERIT"] = (f'GRANT "{owner}" TO "{role}" WITH INHERIT FALSE, SET TRUE',)
    with closing(_opened(database.server.keywords())) as control:
        control.execute(f'CREATE ROLE "{owner}"')
        control.execute(f'ALTER DATABASE "{name}" OWNER TO "{owner}"')
        try:
            for lacks, grants in kinds.items():
                control.execute(f'CREATE ROLE "{role}" LOGIN CREATEDB')
                for grant in grants:
                    control.execute(grant)
                with closing(_opened(database.server.keywords() | {"user": role})) as mine:
                    said = f"{lacks} in its membership in {owner}, the owner of {name}"
                    assert beside.missing_rights(mine, name) == ((said,) if lacks else ())
                    assert beside.acts_for(mine, owner) is not bool(lacks)
                    refused = False
                    try:
                        beside.make(mine, f"{name}_x", beside.of(mine, name), beside.Mark("b", name))
                        mine.execute(f'ALTER DATABASE "{name}_x" RENAME TO "{name}_y"')
                    except AlembicSafeError:
                        refused = True
                    assert refused is bool(lacks)
                for left in (f"{name}_x", f"{name}_y"):
                    beside.drop(control, left)
                control.execute(f'DROP ROLE "{role}"')
        finally:
            control.execute(f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER')
            for one in (role, owner):
                control.execute(f'DROP ROLE IF EXISTS "{one}"')


def test_what_a_role_lacks_to_replace_is_named_before_anything_is_done(any_pg_database):
    database = any_pg_database
    name, role, app = database.name, f"{database.name}_plain", f"{database.name}_app"
    with closing(_opened(database.server.keywords())) as control:
        control.execute(f'CREATE ROLE "{role}" LOGIN CREATEDB')
        control.execute(f'CREATE ROLE "{app}"')
        try:
            with closing(_opened(database.server.keywords() | {"user": role})) as mine:
                (owner,) = control.fetch("SELECT current_user::text")[0]
                assert beside.missing_rights(control, name) == ()
                assert beside.missing_rights(mine, name) == (f"membership in {owner}, the owner of {name}",)
                control.execute(f'ALTER DATABASE "{name}" OWNER TO "{role}"')
                for harmless in (f'DATABASE "{name}"', f'ROLE "{role}" IN DATABASE "{name}"'):
                    control.execute(f"ALTER {harmless} SET work_mem = '8MB'")
                assert beside.missing_rights(mine, name) == ()
                control.execute(f'ALTER ROLE "{app}" IN DATABASE "{name}" SET search_path = a, b')
                control.execute(f'ALTER DATABASE "{name}" SET log_statement = ddl')
                control.execute(f"ALTER DATABASE \"{name}\" SET shop.tenant = 'x'")
                lacking = beside.missing_rights(mine, name)
                assert lacking == tuple(
                    f"the right to set {one}"
                    for one in (
                        "log_statement for it",
                        "shop.tenant for it",
                        f"search_path for role {app} in it",
                    )
                )
                # the server says the same
                for refused in (
                    f'ALTER ROLE "{app}" IN DATABASE "{name}" SET search_path = a',
                    f'ALTER DATABASE "{name}" SET log_statement = ddl',
                    f"ALTER DATABASE \"{name}\" SET shop.tenant = 'x'",
                ):
                    with pytest.raises(Exception, match=r"permission denied"):
                        mine.execute(refused)
        finally:
            control.execute(f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER')
            for one in (role, app):
                control.execute(f'DROP ROLE "{one}"')
