"""What is said when there is no connection: one line, no secret, a hint."""

from __future__ import annotations

import psycopg
import pytest

from alembic_safe.databases.postgresql.failures import connect_failure
from alembic_safe.errors import UnreachableError, UsageError

SAID = [
    (
        'connection failed: connection to server at "10.0.0.1", port 5432 failed: '
        'FATAL:  password authentication failed for user "bob"\n'
        'connection to server at "10.0.0.1", port 5432 failed: FATAL:  again',
        'password authentication failed for user "bob"',
        "user and password",
    ),
    (
        'connection is bad: connection to server at "::1", port 5432 failed: Connection refused\n\t'
        "Is the server running on that host and accepting TCP/IP connections?",
        "Connection refused",
        "pg_isready",
    ),
    ("connection failed: FATAL:  sorry, too many clients already", "too many clients", "max_connections"),
    ('FATAL:  database "nope" does not exist', 'database "nope" does not exist', "createdb"),
    ('FATAL:  role "nope" does not exist', 'role "nope" does not exist', "Check the user"),
    ("connection timeout expired", "timeout expired", "firewall"),
    ("server does not support SSL, but SSL was required", "SSL was required", "sslmode"),
    ("FATAL:  unsupported startup parameter: options", "unsupported startup parameter", "control-url"),
    ("FATAL:  the database system is starting up", "starting up", "in a moment"),
]


@pytest.mark.parametrize(("said", "told", "hint"), SAID)
def test_one_line_that_names_the_fault_and_a_hint(said, told, hint):
    error = connect_failure(psycopg.OperationalError(said), {"host": "h", "port": "1", "dbname": "d"}, ())

    assert isinstance(error, UnreachableError)
    assert error.message.startswith("no connection to h:1/d: ")
    assert told in error.message
    assert "\n" not in error.message
    assert hint in error.hint


def test_an_unknown_keyword_is_a_fault_of_usage():
    error = connect_failure(psycopg.ProgrammingError('invalid connection option "x"'), {}, ())

    assert isinstance(error, UsageError)
