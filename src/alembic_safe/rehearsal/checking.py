"""The running application's code tried on a clone between revisions: SQL files, rolled back, and a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from alembic_safe.databases import LIBPQ_WHERE, open_database
from alembic_safe.databases.external import run_external
from alembic_safe.databases.sqlite.copying import copy_sqlite
from alembic_safe.errors import AlembicSafeError, UsageError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.rehearsals import OldApplication, RehearsalPolicy
from alembic_safe.model.scratch import Clone

Tick = Callable[[], None]
_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslcrl": "PGSSLCRL", "passfile": "PGPASSFILE",
    "channel_binding": "PGCHANNELBINDING", "gssencmode": "PGGSSENCMODE", "krbsrvname": "PGKRBSRVNAME",
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
        # what of ours leads to another server goes before what we set: a service, say, or an address
        told = run_external(policy.check_command, environment_of(clone), tick=tick, without=LIBPQ_WHERE)
        said = (told.said or told.out).strip()[-_SHOWN:] if told.status else ""
        words = f"exit status {told.status}{f': {said}' if said else ''}" if told.status else ""
        yield OldApplication(after, policy.check_command, not told.status, words, time.monotonic() - began)


def require_readable(files: Iterable[Path]) -> None:
    """Raises `UsageError` for a file of SQL that is not there, or no text."""
    for file in files:
        try:
            file.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UsageError(
                f"--check-sql {file} cannot be read: {why}",
                hint="Name a file of SQL; on the command line from where it is run, in pyproject.toml from there.",
            ) from error


def _sql(clone: Clone, file: Path) -> str:
    """What the file's SQL fails with; "" where it does not."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        return f"it cannot be read: {error}"
    try:
        if clone.dialect == "sqlite":
            # a script commits before its first statement, so that nothing could be rolled back
            with TemporaryDirectory(prefix="check-", dir=Path(clone.keywords["database"]).parent) as folder:
                copy = Path(folder, "copy.db")
                copy_sqlite(Path(clone.keywords["database"]), copy)
                _execute(replace(clone, keywords={"database": str(copy)}), text)
        else:
            # what it read and wrote is counted at once, so that it is not taken for the next revision's
            _execute(clone, "BEGIN", text, "ROLLBACK", "SELECT pg_catalog.pg_stat_force_next_flush()")
    except AlembicSafeError as error:
        # the server's own words: it is the user's query that failed, and no query of ours
        cause = str(error.__cause__ or "").strip().splitlines()
        return (cause[0] if cause else error.message)[:_SHOWN]
    return ""


def _execute(clone: Clone, *texts: str) -> None:
    database = open_database(
        clone.parameters, policy=ControlPolicy(), application_name="alembic-safe/rehearsal"
    )
    try:
        for text in texts:
            database.execute(text)
    finally:
        database.close()


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
