"""A database that has some of everything, and what can be said of all of it."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import TestDatabase

_EVERYTHING = (Path(__file__).parent / "everything.sql").read_text()

# rows of every table by checksum, whatever their order on disk
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'alembic_safe')
ORDER BY 1
"""
_DATABASE = """
SELECT jsonb_build_object(
    'acl', (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) AS a), 'limit', datconnlimit,
    'collate', datcollate, 'ctype', datctype, 'encoding', encoding, 'owner', pg_get_userbyid(datdba),
    'comment', shobj_description(oid, 'pg_database'), 'open', datallowconn,
    'settings', (SELECT array_agg(setrole || c::text ORDER BY setrole, c)
                 FROM pg_db_role_setting, unnest(setconfig) AS c WHERE setdatabase = d.oid))
FROM pg_database AS d WHERE datname = current_database()
"""


@pytest.fixture
def fill() -> Any:
    """A function (TestDatabase) that puts some of everything into it; its roles are dropped at the end."""
    filled: list[TestDatabase] = []

    def put(database: TestDatabase) -> None:
        filled.append(database)
        name = database.name
        with database.server.connect(name) as connection:
            text = _EVERYTHING.replace("DBNAME", name)
            there = connection.execute(
                "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
            ).fetchone()
            if not there:  # a wheel without contrib
                text = text.replace("CREATE EXTENSION pg_trgm;", "")
            connection.execute(text.encode())

    yield put
    for database in filled:
        with database.server.connect("postgres") as connection:
            names = connection.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [database.name]
            ).fetchall()
            for (name,) in names:
                if name == database.name or name.startswith(f"{database.name}_"):
                    connection.execute(f'ALTER DATABASE "{name}" OWNER TO postgres'.encode())
                if name.startswith(f"{database.name}_"):
                    connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
        with database.server.connect(database.name) as connection:
            for role in ("app", "reader"):
                connection.execute(f'DROP OWNED BY "{database.name}_{role}" CASCADE'.encode())
        with database.server.connect("postgres") as connection:
            connection.execute(f'ALTER ROLE "{database.name}_app" RESET ALL'.encode())
            for role in ("app", "reader"):
                connection.execute(f'DROP ROLE "{database.name}_{role}"'.encode())


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of a bucket in an S3 of this machine; the commands that a test starts find it by their environment."""
    for package in ("s3fs", "moto"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package} in this environment")
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request, each kept by pytest
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("FSSPEC_S3_ENDPOINT_URL", url)
        patch.setenv("AWS_ENDPOINT_URL", url)
        boto3.client("s3", endpoint_url=url).create_bucket(Bucket="backups")
        yield "s3://backups/shop"
    server.stop()


def picture(database: TestDatabase) -> dict[str, Any]:
    """All that must be the same after a restore: definitions, owners, rows, sequences, large objects, settings."""
    import subprocess

    keywords = database.keywords
    words = [str(database.server.bindir / "pg_dump"), "--schema-only", "--exclude-schema=alembic_safe"]
    words += ["-h", keywords["host"], "-p", keywords["port"], "-U", keywords["user"], keywords["dbname"]]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    schema = [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    rows = {}
    for (table,) in database.fetch(_TABLES):
        digest = (
            f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM ONLY {table} AS t"
        )
        rows[table] = database.fetch(digest)[0]
    return {
        "schema": schema,
        "rows": rows,
        "sequences": database.fetch(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname <> 'alembic_safe'"
            " ORDER BY 1, 2"
        ),
        "large objects": database.fetch(
            "SELECT oid::text, pg_get_userbyid(lomowner)::text, lomacl::text, md5(lo_get(oid))"
            " FROM pg_largeobject_metadata ORDER BY oid"
        ),
        "database": database.fetch(_DATABASE)[0][0],
    }
