"""The running application's code tried on a clone between revisions: SQL files, rolled back, and a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from alembic_safe.databases import open_database
from alembic_safe.databases.external import run_external
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.rehearsals import OldApplication, RehearsalPolicy
from alembic_safe.model.scratch import Clone

Tick = Callable[[], None]
_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
}  # fmt: skip
_SHOWN = 400


def check_application(
    policy: RehearsalPolicy, clone: Clone, after: str, *, tick: Tick
) -> Iterator[OldApplication]:
    """Every check, once, on the clone as it is now."""
    for file in policy.check_sql:
        began = time.monotonic()
        said = _sql(clone, file)
        yield OldApplication(after, file.name, not said, said, time.monotonic() - began)
    if policy.check_command:
        began = time.monotonic()
        told = run_external(policy.check_command, environment_of(clone), tick=tick)
        said = (told.said or told.out).strip()[-_SHOWN:] if told.status else ""
        words = f"exit status {told.status}: {said}" if told.status else ""
        yield OldApplication(after, policy.check_command, not told.status, words, time.monotonic() - began)


def _sql(clone: Clone, file: Path) -> str:
    """What the file's SQL fails with; "" where it does not."""
    database = open_database(
        clone.parameters, policy=ControlPolicy(), application_name="alembic-safe/rehearsal"
    )
    try:
        text = file.read_text(encoding="utf-8")
        database.execute("BEGIN")
        database.execute(text)
        database.execute("ROLLBACK")
    except AlembicSafeError as error:
        return error.message[:_SHOWN]
    finally:
        database.close()
    return ""


def environment_of(clone: Clone) -> dict[str, str]:
    """How a program reaches the clone: libpq's variables (PostgreSQL), and a URL."""
    if clone.dialect == "sqlite":
        path = clone.keywords["database"]
        return {"ALEMBIC_SAFE_CLONE_URL": f"sqlite:///{path}", "ALEMBIC_SAFE_CLONE": path}
    found = {
        variable: clone.keywords[name] for name, variable in _VARIABLES.items() if clone.keywords.get(name)
    }
    user, host = clone.keywords.get("user", ""), clone.keywords.get("host", "")
    secret = f":{quote(clone.keywords['password'], safe='')}" if clone.keywords.get("password") else ""
    port = clone.keywords.get("port", "5432")
    name = quote(clone.keywords["dbname"], safe="")
    if host.startswith("/"):
        url = f"postgresql://{quote(user, safe='')}{secret}@/{name}?host={quote(host, safe='/')}&port={port}"
    else:
        url = f"postgresql://{quote(user, safe='')}{secret}@{host}:{port}/{name}"
    return {**found, "ALEMBIC_SAFE_CLONE_URL": url, "ALEMBIC_SAFE_CLONE": clone.name}
