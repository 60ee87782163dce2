"""Which statements reach beyond the database that they run in: to another server, or to all of this one. Pure.

Told command by command, since one text may hold several, and without comments. SQL that a DO block puts together when
it runs is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from alembic_safe.bridge.worker.masking import TOKEN

Reach = Literal["", "elsewhere", "server"]

# most texts hold none of the words, large ones are mostly data, and our own look at the catalogs comes after each
_ANY = re.compile(
    r"\b(?:role|user|group|database|tablespace|system|owned|grant|revoke|subscription|foreign|program)\b|dblink"
    r"|pg_(?:terminate|cancel|reload|rotate|switch|create|promote|drop|replication|stat_reset|stat_statements_reset)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"/\*|\*/")
_DATA = re.compile(r"\s*(?:insert|update|delete|merge|select|with|values|truncate)\b", re.IGNORECASE)
# what makes the server itself connect, or run a program
_FROM_THE_SERVER = re.compile(
    r"\b(?:create|alter|drop)\s+subscription\b|\bdblink(?:_connect\w*|_exec|_open|_send_query)?\"?\s*\("
    r"|\bimport\s+foreign\s+schema\b|\bcopy\b[^;]*\b(?:from|to)\s+program\b",
    re.IGNORECASE,
)
# what changes the whole server, and with it the databases there that are not ours; a server of foreign data is the
# database's own
_WHOLE_SERVER = re.compile(
    r"\b(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|database|tablespace)\b|\balter\s+system\b"
    r"|\b(?:comment\s+on|security\s+label\b[^;]*?\bon)\s+(?:database|role|tablespace)\b"
    r"|\b(?:grant|revoke)\b[^;]*?\bon\s+(?:database|tablespace|parameter)\b"
    r"|\b(?:drop|reassign)\s+owned\b|\bgrant\b(?![^;]*\bon\b)[^;]*\bto\b|\brevoke\b(?![^;]*\bon\b)[^;]*\bfrom\b",
    re.IGNORECASE,
)
_WHOLE_SERVER_CALL = re.compile(
    r"\bpg_(?:terminate_backend|cancel_backend|reload_conf|rotate_logfile|switch_wal|create_restore_point|promote"
    r"|(?:create|drop)_\w*replication_slot|drop_replication_slot|replication_slot_advance|replication_origin_\w+"
    r"|stat_reset_shared|stat_statements_reset)\"?\s*\(",
    re.IGNORECASE,
)


def beyond(sql: str) -> Reach:
    """Whether a text makes the server connect or run a program ("elsewhere"), or changes it as a whole ("server").

    Data may say what it likes; a call in it may not.

    >>> beyond("update t set a = 1; drop /* the */ role app"), beyond("insert into t values ('drop role app')")
    ('server', '')
    """
    if not may_reach_beyond(sql):
        return ""
    reaches = {reach_of(command) for command in commands(sql)}
    return "elsewhere" if "elsewhere" in reaches else "server" if "server" in reaches else ""


def may_reach_beyond(sql: str) -> bool:
    """Whether a text holds a word at all without which none reaches beyond: quick, where the rest reads each word."""
    return _ANY.search(sql) is not None


def reach_of(command: str) -> Reach:
    """As `beyond`, of one command without comments."""
    if _FROM_THE_SERVER.search(command):
        return "elsewhere"
    if _WHOLE_SERVER_CALL.search(command) or (not _DATA.match(command) and _WHOLE_SERVER.search(command)):
        return "server"
    return ""


def commands(sql: str) -> Iterator[str]:
    """The commands of a text, a blank in the place of each comment; also of those in the bodies of functions."""
    parts: list[str] = []
    for kind, text in _tokens(sql):
        if kind == "comment":
            parts.append(" ")
        elif kind == "dollar":
            tag = text[: text.index("$", 1) + 1]
            parts.append(";".join(commands(text.removeprefix(tag).removesuffix(tag))))
        elif text == ";":
            yield "".join(parts)
            parts = []
        else:
            parts.append(text)
    yield "".join(parts)


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(sql):
        match = TOKEN.match(sql, at)
        assert match is not None  # its last branch takes any character
        kind, text = match.lastgroup or "", match.group()
        if match.group("dollar") is not None:
            kind = "dollar"
        end = _end_of_comment(sql, at) if text.startswith("/*") and kind == "comment" else match.end()
        yield kind, sql[at:end]
        at = end


def _end_of_comment(sql: str, began: int) -> int:
    """PostgreSQL's comments nest."""
    depth = 0
    for match in _COMMENT.finditer(sql, began):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)
