"""What the rules say that a server refuses is refused by each, and look-alikes are not."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.unit.rules.examples import BASE
from tests.unit.rules.plans import auto, findings

_MORE = """
CREATE FUNCTION rate(city text, year int DEFAULT 2024) RETURNS integer LANGUAGE sql AS 'SELECT 7';
CREATE POLICY own ON prices USING (article <> '');
CREATE TRIGGER lines_t BEFORE UPDATE OF article ON lines FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER customers_w BEFORE UPDATE ON customers FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION touch();
CREATE RULE keep AS ON DELETE TO contacts WHERE OLD.address IS NOT NULL DO INSTEAD NOTHING;
CREATE VIEW names AS SELECT c.name AS n, o.note FROM customers c JOIN orders AS o ON o.customer_id = c.id;
CREATE VIEW all_prices AS SELECT * FROM prices;
CREATE VIEW over_names AS SELECT n FROM names;
"""

# statement; whether the server refuses it
CASES = [
    ("ALTER TABLE orders ALTER COLUMN state TYPE varchar(9)", True),
    ("ALTER TABLE orders ALTER COLUMN note TYPE text", True),
    ("ALTER TABLE customers ALTER COLUMN name TYPE text", True),
    ("ALTER TABLE customers ALTER COLUMN city TYPE varchar", False),
    ("ALTER TABLE prices ALTER COLUMN article TYPE varchar", True),
    ("ALTER TABLE prices ALTER COLUMN cents TYPE bigint", True),
    ("ALTER TABLE lines ALTER COLUMN article TYPE varchar", True),
    ("ALTER TABLE lines ALTER COLUMN order_id TYPE integer", False),
    ("ALTER TABLE contacts ALTER COLUMN address TYPE text", True),
    ("ALTER TABLE orders ALTER COLUMN net TYPE numeric(12, 2)", True),
    ("ALTER TABLE events ALTER COLUMN at TYPE timestamp", True),
    ("ALTER TABLE events ALTER COLUMN id TYPE integer", False),
    ("ALTER TABLE orders DROP COLUMN note", True),
    ("ALTER TABLE orders DROP COLUMN note CASCADE", False),
    ("ALTER TABLE orders DROP COLUMN placed_at", False),
    ("ALTER TABLE lines DROP COLUMN article", True),
    ("ALTER TABLE events DROP COLUMN at", True),
    ("ALTER TABLE orders RENAME COLUMN state TO status", False),
    ("DROP TABLE orders", True),
    ("DROP TABLE orders, lines", True),
    ("DROP TABLE lines", False),
    ("DROP TABLE prices", True),
    ("DROP VIEW names", True),
    ("DROP VIEW names, over_names", False),
    ("DROP VIEW over_names", False),
    ("DROP TYPE mood", True),
    ("DROP TYPE place", False),
    ("DROP DOMAIN email", True),
    ("DROP INDEX customers_email_key", True),
    ("DROP INDEX ix_orders_state", False),
    ("CREATE OR REPLACE VIEW open_orders AS SELECT state, id FROM orders", True),
    ("CREATE OR REPLACE VIEW open_orders AS SELECT id FROM orders", True),
    ("CREATE OR REPLACE VIEW open_orders AS SELECT id, state, net FROM orders", False),
    ("CREATE OR REPLACE VIEW all_prices AS SELECT article, cents, 1 AS one FROM prices", False),
    ("CREATE OR REPLACE FUNCTION rate(city text, year int DEFAULT 1) RETURNS bigint LANGUAGE sql AS 'SELECT 7'", True),
    ("CREATE OR REPLACE FUNCTION rate(town text, year int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 7'", True),
    ("CREATE OR REPLACE FUNCTION rate(city text, year int) RETURNS int LANGUAGE sql AS 'SELECT 7'", True),
    ("CREATE FUNCTION rate(city text, year integer) RETURNS int LANGUAGE sql AS 'SELECT 7'", True),
    ("CREATE OR REPLACE FUNCTION rate(city text, year int4 DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 8'", False),
    ("CREATE OR REPLACE FUNCTION rate(city text) RETURNS int LANGUAGE sql AS 'SELECT 8'; SELECT rate('x')", True),
    ("CREATE PUBLICATION p FOR TABLE prices; UPDATE prices SET cents = 1", True),
    ("CREATE PUBLICATION p FOR TABLE orders; UPDATE orders SET note = '' WHERE id = 1", False),
    ("CREATE PUBLICATION p FOR TABLE prices WITH (publish = 'insert'); UPDATE prices SET cents = 1 WHERE cents = 7",
     False),
    ("ALTER TABLE prices REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE prices; UPDATE prices SET cents = 1",
     False),
    ("REFRESH MATERIALIZED VIEW sales WITH NO DATA; SELECT * FROM sales", True),
]  # fmt: skip
# rules whose finding means that this statement, or the application's next one, is refused
_REFUSED = {
    "column-change-refused", "statement-fails", "view-replaced", "function-replaced", "publication-changed",
    "materialized-view-refresh",
}  # fmt: skip


@pytest.mark.parametrize(("sql", "refused"), CASES, ids=[sql for sql, _ in CASES])
def test_the_rules_say_so(sql: str, refused: bool) -> None:
    found = {f.rule for f in findings([sql], base=BASE + _MORE, version=17)}
    assert bool(found & _REFUSED) is refused, found


def test_servers_do_so(any_pg_database: Any) -> None:
    connection = any_pg_database.connect()
    connection.execute((BASE + _MORE).encode())
    wrong = []
    for sql, refused in CASES:
        connection.execute("BEGIN")
        try:
            connection.execute(sql.encode())
            seen, why = False, ""
        except psycopg.Error as error:
            seen, why = True, f"{error.sqlstate} {error}"
        connection.execute("ROLLBACK")
        if seen is not refused:
            wrong.append((sql, why))
    assert wrong == []


def test_a_search_path_left_behind_fails_the_version_row(any_pg_database: Any) -> None:
    connection = any_pg_database.connect()
    connection.execute("CREATE TABLE alembic_version (version_num text); CREATE SCHEMA archive")
    for path, left in (("archive", True), ("archive, public", False)):
        assert (
            "search-path-left-changed" in {f.rule for f in findings([f"SET search_path TO {path}"])}
        ) is left
        connection.execute(f"BEGIN; SET search_path TO {path}".encode())
        if left:
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("UPDATE alembic_version SET version_num = 'b'")
        else:
            connection.execute("UPDATE alembic_version SET version_num = 'b'")
        connection.execute("ROLLBACK")
    assert [f.rule for f in findings(["SET LOCAL search_path TO x", auto("VACUUM t"), "SELECT 1"])] == []
