"""How many statements a second the reader takes, in pairs with stock sqlglot.parse in the same run.

    python -m benchmarks.bench_reader [ROUNDS]

Both get the statements of tests/data/statements.json that PostgreSQL accepts and stock sqlglot parses.
Printed: the median of the rounds for each, and the median of the pairs' ratios. The bar is 4,000 statements a
second in pure Python; a compiled sqlglot, where one is installed, is named.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import distributions, version
from pathlib import Path

import sqlglot
from sqlglot.errors import SqlglotError

from alembic_safe.sql import Schema, facts_of, read, split

DATA = Path(__file__).parents[1] / "tests" / "data" / "statements.json"
BAR = 4000.0


def _stock_takes(sql: str) -> bool:
    try:
        sqlglot.parse(sql, read="postgres")
    except SqlglotError:
        return False
    return True


def _texts() -> list[str]:
    entries = json.loads(DATA.read_text())
    return [entry["sql"] for entry in entries if entry["postgres_accepts"] and _stock_takes(entry["sql"])]


def _read(sql: str) -> int:
    pieces = split(sql)
    for piece in pieces:
        read(piece.text)
    return len(pieces)


def _judge(sql: str) -> int:
    pieces = split(sql)
    for piece in pieces:
        facts_of(read(piece.text), 18, Schema())
    return len(pieces)


def _stock(sql: str) -> int:
    return len(sqlglot.parse(sql, read="postgres"))


def _rate(work: Callable[[str], int], texts: list[str]) -> float:
    """Statements a second of processor time: other work on the machine does not count."""
    began = time.process_time()
    done = sum(work(text) for text in texts)
    return done / (time.process_time() - began)


def main() -> int:
    logging.disable(logging.WARNING)  # stock sqlglot warns of each statement it leaves as a command
    texts, rounds = _texts(), int(sys.argv[1]) if len(sys.argv) > 1 else 9
    pairs = [(_rate(_read, texts), _rate(_stock, texts), _rate(_judge, texts)) for _ in range(rounds)]
    reader, stock, judged = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    build = "compiled" if any(d.name == "sqlglotc" for d in distributions()) else "pure"
    print(f"sqlglot {version('sqlglot')} ({build}), {len(texts)} texts, {rounds} rounds")
    print(f"split + read          {reader:>9,.0f} statements/s (bar {BAR:,.0f})")
    print(f"split + read + facts  {judged:>9,.0f} statements/s")
    print(f"stock sqlglot.parse   {stock:>9,.0f} statements/s; reader/stock {ratio:.2f}")
    return 0 if reader >= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
