"""Read a libpq connection string, of either form, without libpq.

The process that runs env.py may have no libpq: its project can use asyncpg. Source: PostgreSQL's
documentation, "Connection Strings" (libpq).
"""

from __future__ import annotations

from urllib.parse import unquote

_SCHEMES = ("postgresql://", "postgres://")


def parse_conninfo(text: str) -> dict[str, str]:
    """The keywords of `text`, a URI or key=value pairs. What cannot be read is left out, never guessed.

    >>> parse_conninfo("postgresql://bob@db:5433/shop?sslmode=require")
    {'user': 'bob', 'host': 'db', 'port': '5433', 'dbname': 'shop', 'sslmode': 'require'}
    >>> parse_conninfo("host=/tmp dbname='a shop'")
    {'host': '/tmp', 'dbname': 'a shop'}
    """
    for scheme in _SCHEMES:
        if text.startswith(scheme):
            return _uri(text[len(scheme) :])
    if text and "=" not in text:
        return {"dbname": text}
    return _pairs(text)


def _uri(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest, _, query = rest.partition("?")
    authority, _, name = rest.partition("/")
    if "@" in authority:
        credentials, _, authority = authority.partition("@")
        user, _, password = credentials.partition(":")
        found |= {key: unquote(value) for key, value in (("user", user), ("password", password)) if value}
    hosts, ports = zip(*(_host(one) for one in authority.split(",")), strict=True)
    if any(hosts):
        found["host"] = ",".join(hosts)
    if any(ports):
        found["port"] = ",".join(ports)
    if name:
        found["dbname"] = unquote(name)
    for pair in filter(None, query.split("&")):
        key, _, value = (unquote(part) for part in pair.partition("="))
        if (key, value) == ("ssl", "true"):  # libpq takes JDBC's spelling
            key, value = "sslmode", "require"
        found[key] = value
    return found


def _host(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.lstrip(":")
    host, _, port = text.partition(":")
    return unquote(host), port


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while True:
        equals = text.find("=", at)
        if equals < 0:
            return found
        key = text[at:equals].strip()
        at = equals + 1
        while at < len(text) and text[at].isspace():
            at += 1
        value, at = _value(text, at)
        found[key] = value


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, and where it ends: quoted or up to a blank; a backslash escapes."""
    quoted = text[at : at + 1] == "'"
    at += quoted
    out: list[str] = []
    while at < len(text):
        c = text[at]
        if c == "\\" and at + 1 < len(text):
            at += 1
            out.append(text[at])
        elif (c == "'") if quoted else c.isspace():
            return "".join(out), at + 1
        else:
            out.append(c)
        at += 1
    return "".join(out), at
