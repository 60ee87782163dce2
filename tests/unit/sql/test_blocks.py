# ruff: noqa: E501
"""DO blocks: static SQL is read, the rest is said to be not understood."""

from __future__ import annotations

import pytest

from alembic_safe.sql import Schema, apply, facts_of, read, resolve


def kinds(body: str) -> list[tuple[str, list[str]]]:
    reading = read(f"DO $body$ {body} $body$")
    assert reading.understood, reading.not_understood
    return [(r.kind, [str(o.name) for o in r.objects]) for r in reading.inner]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BEGIN NULL; END", []),
        ("BEGIN ALTER TABLE t ADD c int; DROP TABLE u; END", [("alter table", ["t"]), ("drop table", ["u"])]),
        ("BEGIN EXECUTE 'ALTER TABLE t ADD c int'; END", [("alter table", ["t"])]),
        ("BEGIN EXECUTE 'DROP TABLE a; DROP TABLE b'; END", [("drop table", ["a"]), ("drop table", ["b"])]),
        ("BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') THEN CREATE TYPE m AS ENUM ('a'); END IF; END",
         [("select", ["pg_type"]), ("create type", ["m"])]),
        ("BEGIN CREATE TYPE m AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END", [("create type", ["m"])]),
        ("DECLARE n int := 0; r record; BEGIN FOR r IN SELECT * FROM t LOOP UPDATE u SET a = r.a; END LOOP; END",
         [("select", ["t"]), ("update", ["u"])]),
        ("DECLARE n int; BEGIN SELECT count(*) INTO n FROM t; IF n > 0 THEN RAISE NOTICE 'x'; END IF; END",
         [("select", ["t"])]),
        ("BEGIN IF a THEN DROP TABLE x; ELSIF b THEN DROP TABLE y; ELSE DROP TABLE z; END IF; END",
         [("drop table", ["x"]), ("drop table", ["y"]), ("drop table", ["z"])]),
        ("BEGIN WHILE true LOOP DELETE FROM t WHERE a; EXIT; END LOOP; END", [("delete", ["t"])]),
        ("<<a>> BEGIN x := (SELECT max(id) FROM t); END", [("select", ["t"])]),
        ("BEGIN PERFORM pg_sleep(1); END", []),
    ],
)  # fmt: skip
def test_static_sql_is_read(body: str, expected: list[tuple[str, list[str]]]) -> None:
    assert kinds(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN EXECUTE 'DROP TABLE ' || name; END",
        "BEGIN EXECUTE format('ALTER TABLE %s', t); END",
        "DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE r.sql; END LOOP; END",
        "BEGIN FOR r IN EXECUTE q LOOP NULL; END LOOP; END",
        "BEGIN PERFORM my_function(); END",
        "BEGIN x := my_function(1); END",
        "BEGIN CALL p(); END",
        "BEGIN ROLLBACK; END",
        "BEGIN FROBNICATE t; END",
        "BEGIN ALTER TABLE t FROBNICATE; END",
        "BEGIN DROP TABLE t; 'open",
    ],
)
def test_what_is_decided_when_it_runs_is_said(body: str) -> None:
    assert not resolve(read(f"DO $body$ {body} $body$"), Schema()).understood


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BEGIN EXECUTE format('DROP TABLE %I', 'a'); END", ["DROP TABLE a"]),
        ("BEGIN EXECUTE format('%2$s TABLE %1$I.%1$L', 'My', 'DROP'); END", ["DROP TABLE \"My\".'My'"]),
        ("BEGIN EXECUTE 'DROP TABLE ' || quote_ident('a') || ' CASCADE'; END", ["DROP TABLE a CASCADE"]),
        ("DECLARE t text := 'a'; BEGIN EXECUTE 'DROP TABLE ' || t; END", ["DROP TABLE a"]),
        ("DECLARE q text; BEGIN q := 'DROP TABLE a'; EXECUTE q; END", ["DROP TABLE a"]),
        (
            "BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END",
            ["DROP TABLE a", "DROP TABLE b"],
        ),
        (
            "DECLARE l text[] := ARRAY['a', 'b']; BEGIN FOREACH t IN ARRAY l LOOP EXECUTE 'DROP TABLE ' || t; "
            "END LOOP; END",
            ["DROP TABLE a", "DROP TABLE b"],
        ),
        ("BEGIN EXECUTE format('ALTER TABLE %I ADD c int', t); END", ['ALTER TABLE "?" ADD c int']),
        ("BEGIN IF x THEN q := 'DROP TABLE a'; ELSE q := 'DROP TABLE b'; END IF; EXECUTE q; END",
         ["DROP TABLE a", "DROP TABLE b"]),
    ],
)  # fmt: skip
def test_text_that_is_put_together_is_worked_out(body: str, expected: list[str]) -> None:
    reading = read(f"DO $body$ {body} $body$")
    assert not reading.not_understood
    assert [r.text for r in reading.inner if r.kind != "select"] == expected


FUNCTION = (
    "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE ' || t; END $$"
)


def test_a_function_that_is_called_is_looked_into() -> None:
    schema = apply(Schema(), read(FUNCTION))
    called = resolve(read("SELECT f('a')"), schema)
    assert called.understood
    assert [r.text for r in called.inner[0].inner] == ["DROP TABLE a"]
    assert not resolve(read("SELECT f(x) FROM y"), schema).understood
    assert not resolve(read("SELECT g('a')"), schema).understood
    gone = apply(schema, read("DROP FUNCTION f(text)"))
    assert not resolve(read("DO $$ BEGIN PERFORM f('a'); END $$"), gone).understood


def test_a_function_that_calls_itself_ends() -> None:
    schema = apply(Schema(), read("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT f()'"))
    assert not resolve(read("SELECT f()"), schema).understood


def test_bare_names_are_in_the_schema_of_a_path_that_was_set() -> None:
    schema = apply(Schema(), read("CREATE TABLE public.t (a int)"))
    schema = apply(schema, read("SET search_path TO tenant, public"))
    assert [str(o.name) for o in resolve(read("DROP TABLE t"), schema).objects] == ["public.t"]
    made = resolve(read("CREATE TABLE n (a int)"), schema)
    assert [str(o.name) for o in made.objects] == ["tenant.n"]
    assert not apply(schema, read("RESET search_path")).search_path
    local = apply(schema, read("SET LOCAL search_path = a"))
    assert local.search_path == ("a",)
    assert local.begin_transaction().search_path == schema.search_path
    assert not apply(Schema(), read("SET LOCAL search_path = a")).begin_transaction().search_path
    assert not apply(local, read("DISCARD ALL")).begin_transaction().search_path


def test_another_language_is_not_read() -> None:
    assert "plpython3u" in read("DO LANGUAGE plpython3u 'pass'").not_understood


def test_effects_of_what_is_inside_are_the_blocks_own() -> None:
    facts = facts_of(read("DO $$ BEGIN ALTER TABLE t ADD c uuid DEFAULT gen_random_uuid(); END $$"), 17)
    assert [(str(f.object.name), f.mode.title) for f in facts.locks] == [("t", "ACCESS EXCLUSIVE")]
    assert [str(r.object.name) for r in facts.rewrites] == ["t"]


DROPS = "EXECUTE 'DROP TABLE ' || y;"


@pytest.mark.parametrize(
    "fills",
    [
        "SELECT a, b INTO x, y FROM t;",
        "SELECT a, b INTO STRICT r.a, y FROM t;",
        "SELECT INTO x, y a, b FROM t;",
        "UPDATE t SET a = 1 RETURNING a, b INTO x[1], y;",
        "EXECUTE 'SELECT 1, 2' INTO x, y USING 1;",
        "FETCH c INTO x, y;",
        "FETCH NEXT FROM c INTO y;",
        "GET DIAGNOSTICS x = ROW_COUNT, y = PG_CONTEXT;",
        "GET STACKED DIAGNOSTICS y := MESSAGE_TEXT;",
        "CALL p(1, y);",
    ],
)
def test_what_a_statement_fills_is_not_known_any_more(fills: str) -> None:
    block = f"DO $body$ DECLARE x text := 'a'; y text := 'b'; BEGIN {fills} {DROPS} END $body$"
    assert read(f"DO $body$ DECLARE y text := 'b'; BEGIN {DROPS} END $body$").understood
    assert not read(block).understood


def test_all_variables_of_a_loop_over_rows_are_forgotten() -> None:
    loop = f"FOR x, y IN SELECT a, b FROM t LOOP {DROPS} END LOOP;"
    assert not read(f"DO $body$ DECLARE y text := 'b'; BEGIN {loop} END $body$").understood


EACH = "FOREACH y IN ARRAY l LOOP EXECUTE 'DROP TABLE ' || y; END LOOP;"


@pytest.mark.parametrize(
    "changes",
    [
        "SELECT array_agg(a) INTO x, l FROM t;",
        "l := array_append(l, z);",
        "l := ARRAY['b'] || z;",
        "IF c THEN l := z; ELSE l := ARRAY['b']; END IF;",
    ],
)
def test_a_list_that_is_changed_is_not_known_any_more(changes: str) -> None:
    assert not read(f"DO $body$ DECLARE l text[] := ARRAY['a']; BEGIN {changes} {EACH} END $body$").understood


def test_a_list_of_two_branches_holds_either() -> None:
    branches = "IF c THEN l := ARRAY['a']; ELSE l := ARRAY['b']; END IF;"
    assert kinds(f"DECLARE l text[]; BEGIN {branches} {EACH} END") == [
        ("drop table", ["a"]),
        ("drop table", ["b"]),
    ]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("f('a,b', 'c', 'd')", ['DROP TABLE "a,b"', "DROP TABLE c"]),
        ("f('it''s', 'c')", ['DROP TABLE "it\'s"', "DROP TABLE c"]),
        ("f('a'::text, lower('C'))", ["DROP TABLE a", "DROP TABLE c"]),
        ("f('a', 'b' || 'c')", ["DROP TABLE a", "DROP TABLE bc"]),
        ("f(g(1, 2), 'c')", ['DROP TABLE "?"', "DROP TABLE c"]),
    ],
)
def test_arguments_are_told_apart(call: str, expected: list[str]) -> None:
    made = (
        "CREATE FUNCTION f(t text, u text, v text DEFAULT '') RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN EXECUTE format('DROP TABLE %I', t); EXECUTE format('DROP TABLE %I', u); END $$"
    )
    called = resolve(read(f"SELECT {call}"), apply(Schema(), read(made)))
    assert [r.text for r in called.inner[0].inner] == expected
