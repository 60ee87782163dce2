"""What to do when no connection can be made, by libpq's, asyncpg's and the server's words. Imports no driver.

The words are English where the server's lc_messages is; in another language there is no hint.
"""

from __future__ import annotations

import re

_HOST = "Check the host in the URL that env.py uses; is it known from this machine?"
_TIMEOUT = "Is the address right, and does a firewall let it through? `connect-timeout` bounds our own wait."
_FULL = "The server is full: try again later, or raise max_connections."
_TLS = "Check sslmode and the certificates in the URL that env.py uses."

# (a pattern of what is said, the hint). The first that fits counts.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"database .* does not exist",
        "Check the database name in the URL that env.py uses, or create it with `createdb`.",
    ),
    (r"role .* (does not exist|is not permitted)", "Check the user in the URL that env.py uses."),
    (
        "password authentication failed",
        "Check user and password in the URL that env.py uses, or set `control-url`.",
    ),
    (
        "no password supplied",
        "The server wants a password: put it in the URL, in PGPASSWORD or in ~/.pgpass.",
    ),
    ("peer authentication failed", "Run as the system user of that name, or connect by TCP with a password."),
    (
        r"no pg_hba\.conf entry",
        "The server lets this user, database or address not in: see its pg_hba.conf (and sslmode).",
    ),
    ("could not translate host name", _HOST),
    ("failed to resolve host", _HOST),
    ("name or service not known", _HOST),
    ("nodename nor servname", _HOST),
    (
        "connection refused|connect call failed",
        "Is the server running there, and listening on that port? Try `pg_isready`.",
    ),
    (
        "no such file or directory",
        "Is the server running on this machine, with its socket in that directory?",
    ),
    ("timeout expired|timed out|timeouterror", _TIMEOUT),
    ("too many clients", _FULL),
    (
        "too many connections",
        "The role or the database is at its connection limit: try again later, or raise it.",
    ),
    ("remaining connection slots", _FULL),
    ("starting up", "The server is starting: try again in a moment."),
    ("shutting down", "The server is stopping: try again when it is back."),
    ("recovery mode", "The server is recovering from a crash: try again in a moment."),
    ("not currently accepting connections", "The database is closed to connections (ALLOW_CONNECTIONS)."),
    ("ssl", _TLS),
    ("certificate", _TLS),
    ("definition of service", "Is the service in ~/.pg_service.conf, or in the file PGSERVICEFILE names?"),
    (
        "unsupported startup parameter",
        "A pooler refuses this: set `control-url` to the database's direct address.",
    ),
)


def connect_hint(said: str, *, option: str | None = None) -> str | None:
    """What to look at when a connect failed with these words; None where they say nothing that we know.

    `option`: the one of ours that the parameters came from; None: from env.py.

    >>> connect_hint('FATAL:  role "bob" does not exist')
    'Check the user in the URL that env.py uses.'
    """
    lowered = said.lower()
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, lowered)), None)
    if hint is not None and option is not None:
        return hint.replace(", or set `control-url`", "").replace("the URL that env.py uses", f"`{option}`")
    return hint
