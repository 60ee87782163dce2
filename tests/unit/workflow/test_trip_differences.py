"""What of a schema did not come back from a round trip, and what is told apart."""

from __future__ import annotations

from alembic_safe.databases.postgresql.objects import SchemaObject
from alembic_safe.model.rehearsals import LostData, RoundTrip
from alembic_safe.rehearsal.comparing import Picture
from alembic_safe.workflow.trip_differences import trip_differences, without

_WAS = (
    "CREATE TABLE orders (\n\tid INTEGER NOT NULL, \n\tnote TEXT, \n\tseen INTEGER, \n\tPRIMARY KEY (id)\n)"
)
_IS = 'CREATE TABLE "orders" (\n\tid INTEGER NOT NULL, \n\tseen INTEGER, \n\tnote {}, \n\tPRIMARY KEY (id)\n)'


def of_file(sql: str, *more: tuple[str, str, str, str | None]) -> Picture:
    return Picture({}, rows=(("table", "orders", "orders", sql), *more), of_file=True)


def of_server(*columns: str) -> Picture:
    text = "CREATE TABLE public.orders (\n    " + ",\n    ".join(columns) + "\n);"
    return Picture({SchemaObject("TABLE", "public", "orders", "me"): text})


def test_a_file_whose_column_was_made_anew_is_what_it_was() -> None:
    found = trip_differences(of_file(_WAS), of_file(_IS.format("TEXT")))
    assert found.schema == ()
    assert found.apart == (
        "the columns of orders stand in another order: id, seen, note; before: id, note, seen",
    )


def test_a_column_that_reads_differently_is_shown_by_itself() -> None:
    found = trip_differences(of_file(_WAS), of_file(_IS.format("VARCHAR")))
    assert found.schema == ("column note of orders: reads differently\n-text\n+varchar",)
    index = ("index", "ix", "orders", "CREATE INDEX ix ON orders (note)")
    assert trip_differences(of_file(_WAS, index), of_file(_WAS)).schema == (
        "index ix of orders: did not come back",
    )


def test_a_server_too() -> None:
    was, now = of_server("id integer NOT NULL", "note text"), of_server("note text", "id integer NOT NULL")
    found = trip_differences(was, now)
    assert (found.schema, len(found.apart)) == ((), 1)
    assert trip_differences(was, of_server("id integer NOT NULL", "note text", "seen integer")).schema == (
        "column seen of public.orders: stayed, and was not there before",
    )
    assert trip_differences(was, Picture({})).schema == ("table public.orders: did not come back",)


def test_what_a_later_revision_lost_is_not_told_of_an_earlier_one() -> None:
    stray = "index ix of t: stayed, and was not there before"
    later = RoundTrip(("c",), schema=(stray,), lost=(LostData("t", 9, 9, ("note",)), LostData("u", 4, 0)))
    earlier = RoundTrip(
        ("b",),
        schema=(stray, "table x: did not come back"),
        lost=(LostData("t", 9, 9, ("name", "note")), LostData("u", 4, 0), LostData("v", 1, 0)),
    )
    told = without(earlier, later)
    assert told.schema == ("table x: did not come back",)
    assert told.lost == (LostData("t", 9, 9, ("name",)), LostData("v", 1, 0))
    assert without(RoundTrip(("b",), schema=(stray,)), later).good
