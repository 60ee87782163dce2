"""Schemas compared, states matched, and the word for what that shows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.errors import UsageError
from alembic_safe.model.identity import Compared, Heads, Part, SchemaParts
from alembic_safe.model.revisions import Revision
from alembic_safe.recovery.identity.comparing import compare
from alembic_safe.recovery.identity.history import History, State, own
from alembic_safe.recovery.identity.keeping import Keep
from alembic_safe.recovery.identity.matching import Matching
from alembic_safe.recovery.identity.naming import applied, rows_for
from alembic_safe.recovery.identity.statements import sql_for
from alembic_safe.recovery.identity.verdict import verdict
from tests.unit.recovery.schemas import entry, schema, table

T = "public.t"
WRITTEN = "CHECK (((k)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))"
LOADED = "CHECK (((k)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))"


def state(heads: str, schema: SchemaParts) -> State:
    return State(tuple(heads.split()), schema, heads)


def compared(expected: SchemaParts, found: SchemaParts, known: frozenset[str] = frozenset({T})) -> Compared:
    return compare(expected, found, known, sql_for)


def test_order_and_names_are_no_differences_and_another_object_is_none() -> None:
    there = schema(table("t", "a integer", "b text", "CONSTRAINT c1 CHECK ((a > 0))"))
    here = schema(
        table("t", "b text", "a integer", "CONSTRAINT c2 CHECK ((a > 0))"), table("theirs", "x integer")
    )
    found = compared(there, here)
    assert found.equal
    assert found.order == (T,)
    assert found.names == ("constraint c1 of public.t is called c2",)
    assert found.beside == ("public.theirs",)


def test_differences_are_told_as_objects_and_as_sql() -> None:
    there = schema(
        table("t", "a integer NOT NULL", "b character varying(20) DEFAULT 'x'::character varying", "c text"),
        entry("INDEX", "ix", "CREATE INDEX ix ON public.t USING btree (a);"),
    )
    here = schema(
        table("t", "a integer", "b character varying(50)", "d text", "CONSTRAINT k CHECK ((a > 0))"),
        entry("VIEW", "t2", "CREATE VIEW public.t2 AS\n SELECT 1;"),
    )
    found = {str(one): one.sql for one in compared(there, here, frozenset({T, "public.t2"})).differences}
    assert found == {
        "column a of public.t: changed": ("ALTER TABLE public.t ALTER COLUMN a SET NOT NULL;",),
        "column b of public.t: changed": (
            "ALTER TABLE public.t ALTER COLUMN b TYPE character varying(20);",
            "ALTER TABLE public.t ALTER COLUMN b SET DEFAULT 'x'::character varying;",
        ),
        "column c of public.t: missing": ("ALTER TABLE public.t ADD COLUMN c text;",),
        "column d of public.t: extra": ("ALTER TABLE public.t DROP COLUMN d;",),
        "constraint k of public.t: extra": ("ALTER TABLE public.t DROP CONSTRAINT k;",),
        "index ix of public.t: missing": ("CREATE INDEX ix ON public.t USING btree (a);",),
        "view public.t2: extra": ("DROP VIEW public.t2;",),
    }


def test_a_whole_table_is_one_difference() -> None:
    entries = (
        table("t", "a integer", "b text", "CONSTRAINT k CHECK ((a > 0))", after="\nPARTITION BY RANGE (a)"),
        entry("INDEX", "ix", "CREATE INDEX ix ON public.t USING btree (a);"),
    )
    (missing,) = compared(schema(*entries), schema()).differences
    assert missing.sql == (
        "CREATE TABLE public.t (\n    a integer,\n    b text\n)\nPARTITION BY RANGE (a);",
        "ALTER TABLE public.t ADD CONSTRAINT k CHECK ((a > 0));",
        "CREATE INDEX ix ON public.t USING btree (a);",
    )
    (extra,) = compared(schema(), schema(*entries)).differences
    assert (extra.what, extra.sql) == ("extra", ("DROP TABLE public.t;",))


def matching(live: SchemaParts, *states: State, loads: bool = True) -> Matching:
    """A server that writes WRITTEN anew as LOADED."""

    def loaded(one: SchemaParts) -> SchemaParts | None:
        parts = {part: text.replace(WRITTEN, LOADED) for part, text in one.parts.items()}
        return SchemaParts(parts, one.order, one.names) if loads else None

    return Matching(History(states, "here"), live, lambda: loaded(live), lambda s: loaded(s.schema), sql_for)


def test_a_schema_that_was_restored_equals_the_one_that_was_made() -> None:
    made = schema(table("t", "k character varying", f"CONSTRAINT ck {WRITTEN}"))
    restored = schema(table("t", "k character varying", f"CONSTRAINT ck {LOADED}"))
    other = schema(table("t", "k character varying", "CONSTRAINT ck CHECK (((k)::text = 'a'::text))"))
    states = (state("a", made), state("b", other))
    assert [one.heads for one in matching(restored, *states).equal()] == [("a",)]
    # without the round trip it is not told for equal, and the nearest is the same
    without = matching(restored, *states, loads=False)
    assert without.equal() == ()
    nearest = without.nearest(states)
    assert nearest is not None
    assert len(without.compared(nearest).differences) == 1


def test_states_alike_are_all_told_and_the_nearest_is_the_newest_of_the_nearest() -> None:
    one, two = schema(table("t", "a integer")), schema(table("t", "a integer", "b text"))
    states = (state("a", one), state("b", one), state("c", two))
    assert [s.heads for s in matching(one, *states).equal()] == [("a",), ("b",)]
    torn = schema(table("t", "a integer", "b text", "x text"))
    nearest = matching(torn, *states).nearest(states)
    assert nearest is not None
    assert nearest.heads == ("c",)


def test_what_stood_before_and_is_never_touched_is_not_the_historys() -> None:
    before = schema(table("theirs", "x integer"), table("t", "a integer"))
    after = schema(table("theirs", "x integer"), table("t", "a integer", "b text"))
    first, second = own((state("", before), state("a", after)))
    assert {part.top for part in (*first.schema.parts, *second.schema.parts)} == {T}
    assert set(second.schema.order) == {T}


EQUAL, OTHER = Compared(()), compared(schema(table("t", "a integer")), schema())


@pytest.mark.parametrize(
    ("stamped", "equal", "to_stamped", "word"),
    [
        (("b",), [("b",)], EQUAL, "as stamped"),
        (("b",), [("a",), ("b",)], EQUAL, "as stamped"),
        (None, [()], EQUAL, "as stamped"),
        (None, [("b",)], OTHER, "never stamped"),
        ((), [("b",)], OTHER, "never stamped"),
        (("c",), [("a",), ("b",)], OTHER, "stamped but never run"),
        (("c",), [()], OTHER, "stamped but never run"),
        (("a",), [("b",)], OTHER, "stamp lost"),
        (("zz",), [("b",)], None, "another revision"),
        (("d",), [("b",)], OTHER, "another revision"),
        (("c", "d"), [("b",)], OTHER, "stamped but never run"),
        (("b",), [], OTHER, "changed by hand"),
        (("zz",), [], None, "unknown schema"),
        (None, [], OTHER, "unknown schema"),
        (None, [], None, "unknown schema"),
    ],
)
def test_the_word(stamped: Heads | None, equal: list[Heads], to_stamped: Compared | None, word: str) -> None:
    line = graph(("a", ()), ("b", ("a",)), ("c", ("b",)), ("d", ("a",)), heads=("c", "d"))
    assert verdict(stamped, equal, to_stamped, partial(applied, line)) == word


def test_a_history_that_was_kept_comes_back_whole(tmp_path: Path) -> None:
    one = schema(table("t", "a integer CONSTRAINT n NOT NULL"))
    two = schema(table("t", "b text", "a integer"), table("u", "x integer"))
    states = (state("", schema()), state("a", one), state("b c", two), state("d", one))
    history = History(states, "there", notes=("said",), texts={"a": "text\udcff of a"})
    keep = Keep(tmp_path / "histories")
    keep.write("key", history)
    found = keep.read("key")
    assert found is not None
    assert (found.states, found.server, found.notes) == (states, "there", ("said",))
    assert keep.text("key", "a") == "text\udcff of a"
    assert keep.text("key", "b") is None
    keep.keep_loaded("key", "a", "loaded")
    assert keep.text("key", "a", "loaded") == "loaded"
    # what is not what it should be is ignored
    (tmp_path / "histories/key/states.json").write_text('{"format": 1, "states": [[1]]}')
    assert keep.read("key") is None
    assert Keep(None).read("key") is None


def graph(*revisions: tuple[str, tuple[str, ...]], heads: tuple[str, ...]) -> GraphRead:
    made = tuple(Revision(i, down, (), (), "", "", "", True) for i, down in revisions)
    return GraphRead("there", heads, made)


FORK = graph(("a1", ()), ("b1", ("a1",)), ("b2", ("a1",)), ("c1", ("b1",)), heads=("b2", "c1"))


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["heads"], ("b2", "c1")),
        (["base"], ()),
        (["b1"], ("b1",)),
        (["c"], ("c1",)),
        (["b2", "a1", "c1"], ("b2", "c1")),
    ],
)
def test_names_of_revisions_are_the_rows_that_alembic_would_have(names: list[str], rows: Heads) -> None:
    assert rows_for(FORK, names) == rows


@pytest.mark.parametrize(
    ("name", "said"), [("head", "several heads"), ("b", "2 revisions begin"), ("zz", "no revision is called")]
)
def test_a_name_that_is_none_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        rows_for(FORK, [name])


def test_a_part_says_what_it_is() -> None:
    assert str(Part("column", "a", T)) == "column a of public.t"
