"""What a live connection tells of how it was made."""

from __future__ import annotations

from types import SimpleNamespace

from alembic_safe.bridge.worker.drivers import _from_libpq


def _connection(**parameters: str) -> SimpleNamespace:
    info = SimpleNamespace(
        dsn_parameters=parameters, host="db", port=5432, dbname="app", user="me", password="secret-word"
    )
    return SimpleNamespace(info=info)


def test_defaults_of_a_newer_libpq_are_left_out():
    """psycopg2 brings libpq 17, the lowest psycopg 16: `sslnegotiation` is an invalid option there."""
    found = _from_libpq(_connection(sslmode="prefer", sslnegotiation="postgres", sslsni="1"), "psycopg2")
    assert found == {
        "host": "db",
        "port": "5432",
        "dbname": "app",
        "user": "me",
        "password": "secret-word",
        "sslmode": "prefer",
    }


def test_what_was_chosen_is_kept():
    found = _from_libpq(_connection(sslnegotiation="direct", options="-c x=y"), "psycopg2")
    assert (found["sslnegotiation"], found["options"]) == ("direct", "-c x=y")
