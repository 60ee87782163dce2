"""The encoding of a dump's text: a database's own, which the text itself names. Pure.

Source: PostgreSQL's documentation, "Character Set Support" (server encodings); pg_dump writes `SET client_encoding`
before anything that has a name (dumpEncoding).
"""

from __future__ import annotations

import re

_SET = re.compile(rb"^SET client_encoding = '([A-Za-z0-9_]+)';$", re.MULTILINE)
_CODECS = {
    **{f"LATIN{n}": f"iso8859-{of}" for n, of in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), start=1)},
    **{f"ISO_8859_{n}": f"iso8859-{n}" for n in range(5, 9)},
    **{f"WIN{n}": f"cp{n}" for n in (866, 874, *range(1250, 1259))},
    "EUC_CN": "gb2312",
    "EUC_JIS_2004": "euc_jis_2004",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
}


def codec_of(encoding: str) -> str:
    """Python's name of a server encoding; UTF-8 for what Python does not know, and for SQL_ASCII, which is any.

    >>> codec_of("LATIN9")
    'iso8859-15'
    """
    return _CODECS.get(encoding, "utf-8")


def decoded(text: bytes) -> str:
    """A schema's text as a tool wrote it; bytes that its encoding does not have stay as surrogates."""
    named = _SET.search(text)
    return text.decode(codec_of(named[1].decode()) if named else "utf-8", errors="surrogateescape")
