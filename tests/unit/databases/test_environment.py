"""What a database's tool is told: everything that reaches the server, and no secret where others can read it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.databases.postgresql.belongings import Belongings, statements
from alembic_safe.databases.postgresql.environment import tool_environment
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.settings.connection import shown

SECRETS = ["sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"]


def _connected(**parameters: str) -> Any:
    info = SimpleNamespace(
        host="db", hostaddr="10.0.0.1", port=5432, user="me", dbname="shop", password="hunter2",
        get_parameters=lambda: parameters,
    )  # fmt: skip
    return SimpleNamespace(info=info)


@pytest.mark.parametrize("name", [*SECRETS, "a_secret_of_libpq_23"])
def test_a_secret_without_a_variable_goes_nowhere(name):
    environment, conninfo = tool_environment(_connected(**{name: "s3cr3t"}), {name: "s3cr3t"})

    assert "s3cr3t" not in conninfo and "s3cr3t" not in environment.values()


def test_what_reaches_the_server_is_handed_on():
    environment, conninfo = tool_environment(
        _connected(keepalives_idle="30", sslmode="verify-full", min_protocol_version="3.2"), {}
    )

    assert conninfo == "keepalives_idle='30'"
    assert environment["PGPASSWORD"] == "hunter2" and environment["PGHOSTADDR"] == "10.0.0.1"
    assert environment["PGSSLMODE"] == "verify-full" and environment["PGMINPROTOCOLVERSION"] == "3.2"


@pytest.mark.parametrize("name", ["password", *SECRETS])
def test_every_secret_is_known_as_one(name):
    keywords = {"host": "h", name: "s3cr3t"}

    parameters = ConnectParameters("postgresql", "psycopg", keywords)
    assert parameters.secrets() == ("s3cr3t",) and parameters.shown() == {"host": "h"}
    assert shown(keywords) == f"host=h {name}=***"
    assert "s3cr3t" not in mask_sql(f"CREATE USER MAPPING FOR me SERVER s OPTIONS ({name} 's3cr3t')")


def test_a_setting_is_named_as_one_whatever_its_name():
    row = {"datacl": None, "owner": "me", "datconnlimit": -1, "datistemplate": False, "comment": None}
    settings = (("", "app.user=x"), ("me", "search_path=a, b"), ("", 'app.o"dd=y'))

    said = list(statements("shop", Belongings(row, settings, (), ())))

    assert said[:3] == [
        """ALTER DATABASE "shop" SET "app.user" TO 'x'""",
        """ALTER ROLE "me" IN DATABASE "shop" SET "search_path" TO 'a', 'b'""",
        """ALTER DATABASE "shop" SET "app.o""dd" TO 'y'""",
    ]
