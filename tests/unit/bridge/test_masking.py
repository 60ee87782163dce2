"""What is masked in SQL and in messages, and what stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.bridge.worker.masking import mask_sql, mask_values


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("insert into t values ('a''b', E'x\\'y', $$z$$, $q$w$q$)",
         "insert into t values ('***', '***', '***', '***')"),
        ("/* why */ update t set x = 'a' where y = :y", "/* why */ update t set x = '***' where y = :y"),
        ("alter table t alter x set default 'new'", "alter table t alter x set default 'new'"),
        ("create role r login password 'p'; create table t (x text default 'd')",
         "create role r login password '***'; create table t (x text default 'd')"),
        ("do $$ begin if x = 'keep' then insert into t values ('a'); end if; raise notice 'keep'; end $$",
         "do $$ begin if x = 'keep' then insert into t values ('***'); end if; raise notice 'keep'; end $$"),
        ("do $b$ begin execute 'alter table t add x int'; execute 'insert into t values (1)'; end $b$",
         "do $b$ begin execute 'alter table t add x int'; execute '***'; end $b$"),
        ("explain analyze insert into t values ('a')", "explain analyze insert into t values ('***')"),
        ("select 'unfinished", "select '***'"),
        ("do $$ begin insert into t values ('a'", "do $$ begin insert into t values ('a'"),
    ],
)  # fmt: skip
def test_literals_of_data_are_masked(sql, shown):
    assert mask_sql(sql) == shown


@given(
    st.text(),
    st.sampled_from(["", "insert into t values (", "do $$ begin update t set x = ", "create table "]),
)
def test_any_text_is_taken(text, before):
    assert isinstance(mask_sql(before + text), str)


@given(st.text(alphabet=st.characters(exclude_characters="'\\"), min_size=8))
def test_a_literal_in_dml_never_shows(secret):
    assert f"<{secret}>" not in mask_sql(f"insert into t (x) values ('<{secret}>') returning x")


def test_values_are_masked_in_whatever_spelling():
    text = "bad 'abc-1' and 4711 but not x4711x, {'k': 'deep'}"
    assert (
        mask_values(text, [{"a": "abc-1"}, (4711, {"k": ["deep"]})])
        == "bad '***' and *** but not x4711x, {'k': '***'}"
    )
    assert mask_values(text, None) == text
