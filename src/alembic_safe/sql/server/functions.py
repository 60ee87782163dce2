"""How volatile the server's own functions are, by name.

The lists beside this module were taken from pg_proc of 15 to 18 (worst overload, worst version); a test on
every server holds them. Those of contrib stand here, since an extension may not be at hand.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic_safe.model.facts import Volatility

_CONTRIB: dict[str, Volatility] = {
    # uuid-ossp
    "uuid_generate_v1": "volatile",
    "uuid_generate_v1mc": "volatile",
    "uuid_generate_v4": "volatile",
    "uuid_generate_v3": "immutable",
    "uuid_generate_v5": "immutable",
    "uuid_nil": "immutable",
    # pgcrypto
    "gen_salt": "volatile",
    "gen_random_bytes": "volatile",
    "crypt": "immutable",
    "digest": "immutable",
    "hmac": "immutable",
    # unaccent
    "unaccent": "stable",
}


def volatility_of(name: str, *, builtin: bool = True) -> Volatility:
    """The function's volatility; "unknown" for one that is not the server's (or `builtin` says so)."""
    return _table().get(name, "unknown") if builtin else _CONTRIB.get(name, "unknown")


@cache
def _table() -> dict[str, Volatility]:
    table: dict[str, Volatility] = dict(_CONTRIB)
    volatilities: tuple[Volatility, ...] = ("immutable", "stable", "volatile")
    for volatility in volatilities:
        names = (Path(__file__).parent / f"functions_{volatility}.txt").read_text(encoding="ascii").split()
        table.update(dict.fromkeys(names, volatility))
    return table
