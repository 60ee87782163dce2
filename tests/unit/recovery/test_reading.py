"""What pg_dump wrote, as parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.model.identity import Part
from alembic_safe.recovery.identity.names import canonical, parent, plain, quoted
from alembic_safe.recovery.identity.sqlite import sqlite_parts
from alembic_safe.recovery.identity.tables import take_apart, without_default
from tests.unit.recovery.schemas import entry, schema, table


def test_a_table_is_taken_apart_at_its_own_commas() -> None:
    found = schema(
        table(
            '"Odd, one"',
            "id integer NOT NULL",
            "price numeric(10,2) DEFAULT 1.5",
            "note text DEFAULT 'a, b) NOT NULL'::text",
            '"Col, umn" text[]',
            "CONSTRAINT ck CHECK (((note)::text = ANY (ARRAY['x'::text, 'y'::text])))",
            after="\nPARTITION BY RANGE (id)",
        )
    )
    name = 'public."Odd, one"'
    assert found.order == {name: ("id", "price", "note", '"Col, umn"')}
    assert found.parts == {
        Part("table", name): "table PARTITION BY RANGE (id);",
        Part("column", "id", name): "integer NOT NULL",
        Part("column", "price", name): "numeric(10,2) DEFAULT 1.5",
        Part("column", "note", name): "text DEFAULT 'a, b) NOT NULL'::text",
        Part("column", '"Col, umn"', name): "text[]",
        Part("constraint", "ck", name): "CHECK (((note)::text = ANY (ARRAY['x'::text, 'y'::text])))",
    } | {Part("table", name): found.parts[Part("table", name)]}
    assert "PARTITION BY RANGE (id)" in found.parts[Part("table", name)]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (
            entry(
                "CONSTRAINT",
                "t t_pkey",
                "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);",
            ),
            Part("constraint", "t_pkey", "public.t"),
        ),
        (
            entry("INDEX", "ix", "CREATE UNIQUE INDEX ix ON public.t USING btree (a);"),
            Part("index", "ix", "public.t"),
        ),
        (
            entry(
                "DEFAULT",
                "t id",
                "ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.s');",
            ),
            Part("default", "id", "public.t"),
        ),
        (
            entry(
                "TRIGGER",
                "t g",
                "CREATE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION f();",
            ),
            Part("trigger", "g", "public.t"),
        ),
        (
            entry("COMMENT", "COLUMN t.a", "COMMENT ON COLUMN public.t.a IS 'x';"),
            Part("comment on column", "a", "public.t"),
        ),
        (
            entry("COMMENT", "CONSTRAINT c ON t", "COMMENT ON CONSTRAINT c ON public.t IS 'x';"),
            Part("comment on constraint", "c", "public.t"),
        ),
        (
            entry("POLICY", "t p", "CREATE POLICY p ON public.t USING (true);"),
            Part("policy", "p", "public.t"),
        ),
        (
            entry("ROW SECURITY", "t", "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;"),
            Part("row security", "on", "public.t"),
        ),
        (entry("VIEW", "V", 'CREATE VIEW public."V" AS\n SELECT 1;'), Part("view", 'public."V"')),
        (
            entry("FUNCTION", "f(integer)", "CREATE FUNCTION public.f(a integer) ..."),
            Part("function", "public.f(integer)"),
        ),
        (entry("EXTENSION", "pg_trgm", "CREATE EXTENSION pg_trgm;", "-"), Part("extension", "pg_trgm")),
    ],
)
def test_what_belongs_to_a_table_is_known_by_it(text: str, part: Part) -> None:
    assert list(schema(text).parts) == [part]


def test_a_line_of_a_body_that_looks_like_the_frame_stays() -> None:
    body = (
        "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n-- why\nSET a = 1;\n\nEND $$;"
    )
    found = schema(entry("FUNCTION", "f()", body + "\n\n\nSET default_tablespace = '';"))
    assert found.parts == {Part("function", "public.f()"): body}


def test_the_name_of_a_not_null_stands_apart() -> None:
    found = schema(table("t", "a integer CONSTRAINT mine NOT NULL"))
    assert found.parts[Part("column", "a", "public.t")] == "integer NOT NULL"
    assert found.names == {Part("column", "a", "public.t"): "mine"}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("integer", "integer"),
        ("text DEFAULT (lower('NOT NULL'::text) || 'x'::text) NOT NULL", "text NOT NULL"),
        ("text GENERATED ALWAYS AS ((a || b)) STORED", "text"),
        ("character varying(20) DEFAULT 'x'::character varying", "character varying ( 20 )"),
    ],
)
def test_a_column_without_its_default(definition: str, expected: str) -> None:
    assert without_default(definition) == expected


@given(st.text(min_size=1))
def test_names_come_back(name: str) -> None:
    assert plain(quoted(name)) == name
    assert canonical(f"{quoted('s')}.{quoted(name)}") == f"s.{quoted(name)}"
    assert parent(f"s.{quoted(name)}") == ("s", quoted(name))


@given(
    st.lists(
        st.sampled_from(["a int", "b text DEFAULT 'x,(y'", "CHECK ((a > 1))", '"q,)" numeric(1,2)']),
        min_size=1,
    )
)
def test_elements_come_back(elements: list[str]) -> None:
    found = take_apart(f"CREATE TABLE t ({', '.join(elements)}) STRICT")
    assert found is not None
    assert (found.head, found.elements, found.tail) == ("CREATE TABLE t", tuple(elements), "STRICT")


def test_sqlite_reads_the_same_however_it_was_typed() -> None:
    one = 'CREATE TABLE "t" (id INTEGER NOT NULL, -- the key\n  "name" VARCHAR(20), CONSTRAINT pk PRIMARY KEY (id))'
    other = (
        "CREATE TABLE t (\n\tid integer not null, \n\tname varchar(20),\n\tconstraint pk primary key (id)\n)"
    )
    assert sqlite_parts([("table", "t", "t", one)]) == sqlite_parts([("table", "t", "t", other)])
    third = other.replace("20", "21")
    assert sqlite_parts([("table", "t", "t", one)]) != sqlite_parts([("table", "t", "t", third)])
    # what stands in quotes is a value
    assert sqlite_parts([("view", "v", "v", "CREATE VIEW v AS SELECT 'A'")]) != sqlite_parts(
        [("view", "v", "v", "CREATE VIEW v AS SELECT 'a'")]
    )
