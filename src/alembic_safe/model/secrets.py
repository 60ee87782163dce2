"""Takes secrets and values out of texts, and leaves those words alone that only happen to be spelled alike. Pure.

A password may be a word that SQL, a server or our own sentences are made of. Replaced wherever it stands it would
garble every sentence, and tell the reader which word it is; such a word is taken out where a secret can stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
# greedy up to the last @: a password may hold one that nobody encoded
_URL_PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s]+@")
_SHORTEST = 4  # a shorter one is a part of many words
# before it: no letter, or one that spells an escape (\nword, %20word)
_BEFORE_WORD = r"(?:(?<![^\W\d_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_NAMED = r"(?<!user )(?<!role )(?<!database )(?<!relation )(?<!table )(?<!column )(?<!schema )"

_WORDS = """
add admin after alembic all allow allowed alter always and any app apply array as attach autocommit backend
backfill backup backups base before begin between bigint block blocked blocks boolean both budget but cache
called cannot cascade catalogue change changed changes char check clean clone close code column columns commit
committed concurrently connect connection constraint contract copy create created current cut cycle data
database databases date default deferrable delete demo detach dev dirty disk do domain down downgrade drop
dropped dump each else end ended error every exclusive execute exists expand extension failed false file find
first for foreign from full function gate generated grant group guard has have heads held here hint history
host identity in index insert instead integer interval into invalid is job journal json jsonb key last left
let level like limit line local localhost lock locked locks lost main make message migrate migration missing
model moved name names need never new next no none not note nothing null number numeric object off old on once
only open option or order other owner owns parent part partition pass password path pending pg phase place
plan pooler postgres postgresql primary prod production project psql public query read reader reads refused
relation release rename renamed repair replace restore restored revision revisions role root row rows rule run
runs same schema schemas scratch secret select sequence server service session set settings share show size
slot source space sql sqlite standby statement statements status step stop stops store stored superuser system
table tables tablespace target temp terminate test text than that the then there this time timestamp to tool
transaction trigger true truncate type types under unique unknown until up update upgrade upgraded use used
user users using uuid vacuum valid validate value values varchar version view views wait waited waits warning
was what when where which while whole will with without word work worker write writer writers writes
"""
_COMMON = frozenset(_WORDS.split())


def hide(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every secret, and every password in a URL, replaced by `***`.

    A word that is common, or shorter than four characters, is replaced where a password stands: in a URL, after
    `password=`, in quotes that hold nothing else and are not an object's name.
    """
    text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
    for secret in sorted(filter(None, set(secrets)), key=len, reverse=True):
        # a URL has it encoded, a traceback with its backslashes and quotes escaped
        for spelled in sorted({secret, quote(secret, safe=""), repr(secret)[1:-1]}, key=len, reverse=True):
            text = _without(text, spelled)
    return text


def hide_quoted(text: str, value: str) -> str:
    """`text` with the value replaced where quotes hold nothing else; backslashes may stand before the quotes."""
    return re.sub(rf"{_NAMED}(?P<quote>['\"]){re.escape(value)}(?=\\*(?P=quote))", rf"\g<quote>{MASK}", text)


def is_common(word: str) -> bool:
    """Whether SQL, a server or our own sentences are made of such words."""
    return word.lower() in _COMMON


def _without(text: str, secret: str) -> str:
    if secret not in text:
        return text
    if len(secret) < _SHORTEST or is_common(secret):
        said = rf"((?:pass\w*|pwd|secret|token)['\"]?\s*[=:]\s*['\"]?){re.escape(secret)}(?!\w)"
        return hide_quoted(re.sub(said, rf"\1{MASK}", text, flags=re.IGNORECASE), secret)
    if secret.isalpha():
        # "prod" is no part of "production" that anybody would miss
        return re.sub(rf"{_BEFORE_WORD}{re.escape(secret)}(?![^\W\d_])", MASK, text)
    return text.replace(secret, MASK)
