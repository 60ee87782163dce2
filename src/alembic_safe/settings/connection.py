"""`control-url` to libpq keywords: a reference to a secret, a URL, or keyword=value text. Pure.

The forms are libpq's own (PostgreSQL documentation, "Connection Strings"), read here because settings may
not import a driver. Faults are ValueErrors whose phrase never repeats the value: it may hold a password.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from alembic_safe.model.targets import SECRET_KEYWORDS

_SCHEME = re.compile(r"(postgresql|postgres)(?:\+\w+)?://")
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)+|(?=\s|$))(?=\s|$)", re.DOTALL)
_HOST = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:]*))(?::(?P<port>\d*))?")


def parse_conninfo(text: str) -> dict[str, str]:
    """libpq keywords of a postgresql:// URL (a +driver is ignored) or of keyword=value text.

    >>> parse_conninfo("postgresql://me@db.example:5433/app?sslmode=require")["port"]
    '5433'
    """
    scheme = _SCHEME.match(text)
    keywords = _of_url(text[scheme.end() :]) if scheme else _of_pairs(text)
    if not keywords:
        raise ValueError("it names no connection")
    if any("\0" in value for value in keywords.values()):
        raise ValueError("it holds a null character")
    return keywords


def shown(keywords: dict[str, str]) -> str:
    """Keywords for people, secrets masked."""
    return " ".join(f"{key}={'***' if key in SECRET_KEYWORDS else value}" for key, value in keywords.items())


def _of_pairs(text: str) -> dict[str, str]:
    if "://" in text.split("=", 1)[0]:
        raise ValueError("its URL does not begin with postgresql://")
    keywords: dict[str, str] = {}
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _PAIR.match(text, position, end)
        if match is None:
            raise ValueError("it is neither a postgresql:// URL nor keyword=value text")
        key, value = match[1].lower(), match[2]
        value = value[1:-1] if value.startswith("'") else value
        keywords[key] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        position = match.end()
    return keywords


def _of_url(rest: str) -> dict[str, str]:
    # Not urlsplit: libpq takes lists of hosts, and hosts that are percent-encoded socket folders.
    before, _, query = rest.partition("?")
    authority, _, database = before.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    user, colon, password = credentials.partition(":")
    names, ports = _hosts(hosts)
    keywords = {"user": user, "host": names, "port": ports, "dbname": database}
    found = {key: unquote(value) for key, value in keywords.items() if value}
    if colon and password:
        found["password"] = unquote(password)
    for item in filter(None, query.split("&")):
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise ValueError("its query is not key=value&key=value")
        found[unquote(key).lower()] = unquote(value)
    return found


def _hosts(text: str) -> tuple[str, str]:
    """Comma-separated hosts and ports, as libpq's keywords take them; empty where none is given."""
    names, ports = [], []
    for item in text.split(","):
        match = _HOST.fullmatch(item)
        if match is None:
            raise ValueError("its host or port is malformed")
        names.append(match["v6"] or match["name"] or "")
        ports.append(match["port"] or "")
    return ",".join(names) if any(names) else "", ",".join(ports) if any(ports) else ""
