"""Fills a shop at revision 0002, its first released schema: `python -m shop.seed [CUSTOMERS]`."""

from __future__ import annotations

import sys

import sqlalchemy as sa

from shop.database import database_url

_GIVEN = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Alan", "Radia")
_FAMILY = ("Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "Allen", "Turing", "van der Perlman")
_PRODUCTS = 50


def main() -> None:
    """Insert products, CUSTOMERS customers (default 3000), two orders each, two lines an order."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    engine = sa.create_engine(database_url())
    with engine.begin() as connection:
        for table, rows in _rows(customers).items():
            columns = list(rows[0])
            values = ", ".join(f":{column}" for column in columns)
            connection.execute(sa.text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"), rows)
        if engine.dialect.name == "postgresql":
            _advance_sequences(connection)
    engine.dispose()


def _rows(customers: int) -> dict[str, list[dict[str, object]]]:
    orders = range(1, 2 * customers + 1)
    return {
        "products": [
            {"id": n, "sku": f"P-{n:04}", "title": f"Product {n}", "price_cents": 100 + 7 * n}
            for n in range(1, _PRODUCTS + 1)
        ],
        "customers": [
            {"id": n, "email": f"customer{n}@example.com", "name": _name(n)} for n in range(1, customers + 1)
        ],
        "orders": [{"id": n, "customer_id": (n + 1) // 2, "status": "paid"} for n in orders],
        "order_lines": [
            {"order_id": n, "product_id": (n + extra) % _PRODUCTS + 1, "quantity": 1 + n % 3}
            for n in orders
            for extra in (0, 17)
        ],
    }


def _name(n: int) -> str:
    """Names as people have them: mostly two words, some with more, some with one."""
    given, family = _GIVEN[n % len(_GIVEN)], _FAMILY[n // len(_GIVEN) % len(_FAMILY)]
    return given if n % 97 == 0 else f"{given} {family}"


def _advance_sequences(connection: sa.engine.Connection) -> None:
    for table in ("products", "customers", "orders"):
        connection.execute(
            sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        )


if __name__ == "__main__":
    main()
