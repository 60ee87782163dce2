"""What is taken out of texts: every secret where a secret stands, and no word that is merely spelled alike."""

from __future__ import annotations

import re
from urllib.parse import quote

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.bridge.worker.masking import mask_secrets, mask_values
from alembic_safe.databases.postgresql.failures import connect_failure
from alembic_safe.model.secrets import hide, is_common
from alembic_safe.rules import all_rules
from alembic_safe.workflow.hiding import Hidden

PROSE = (
    "the table orders is read through a view while production waits; see `alembic-safe status` on postgresql"
)
COMMON = st.sampled_from(
    ["table", "view", "postgres", "production", "prod", "read", "a", "status", "alembic"]
)
PASSWORDS = st.one_of(
    COMMON, st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
)


@given(COMMON)
def test_a_password_that_is_a_word_garbles_no_sentence(password):
    assert hide(PROSE, [password]) == mask_secrets(PROSE, [password]) == PROSE


@given(PASSWORDS, st.sampled_from(["app", "postgres", ""]))
def test_a_password_is_masked_in_every_url(password, user):
    encoded = quote(password, safe="")
    said = hide(f"cannot reach postgresql://{user}:{encoded}@db.example/shop?x=1 now", [password])
    assert said == f"cannot reach postgresql://{user}:***@db.example/shop?x=1 now"
    # and where nobody said that it is one
    assert hide(f"://{user}:{encoded}@h") == f"://{user}:***@h"


@given(PASSWORDS.filter(lambda word: "*" not in word))
def test_a_password_is_masked_where_it_is_given(password):
    shapes = ("host=h password={}", "PGPASSWORD={}", "secret: {}", "password='{}'", 'connect(password="{}")')
    for shape in shapes:
        assert hide(shape.format(password), [password]) == shape.format("***")
    written = repr({"password": password})  # as a traceback has it, its backslashes and quotes escaped
    assert hide(written, [password]).replace('"', "'") == "{'password': '***'}"


@given(
    st.from_regex(r"[a-z0-9]{4,12}", fullmatch=True).filter(lambda word: not is_common(word)),
    st.sampled_from([" ", "=", "'", "/", "\\n", "%20", "(", ""]),
)
def test_any_other_secret_is_masked_wherever_it_is_a_word(secret, before):
    assert secret not in hide(f"said:{before}{secret}, and more", [secret]).removeprefix("said:")


def test_a_part_of_a_longer_word_is_left_and_a_name_too():
    assert hide("undertakers take care", ["take"]) == "undertakers *** care"
    assert hide("a7x and xa7xx", ["a7xx"]) == "a7x and x***"
    said = 'password authentication failed for user "postgres"'
    assert hide(said, ["postgres"]) == said


def test_a_failed_connect_shows_no_password():
    error = connect_failure(psycopg.OperationalError("bad sekret"), {"password": "sekret"}, ["sekret"])
    assert "sekret" not in f"{error.message}{error.hint}{error.detail}"


def test_values_of_a_statement_are_no_words_of_the_message():
    said = "the table orders and the view recent lose 'table', 'view' and 'hunter two'; hunter two"
    hidden = Hidden(["table", "view", "recent", "hunter two"])
    assert (
        hidden.out_of_prose(said) == "the table orders and the view recent lose '***', '***' and '***'; ***"
    )
    assert mask_values('relation "table" of a table: "table"', ["table"]) == (
        'relation "table" of a table: "***"'
    )


def test_no_rule_s_own_words_are_taken_for_values():
    for rule in all_rules().values():
        assert Hidden(re.findall(r"[^\W\d]\w+", rule.summary)).out_of_prose(rule.summary) == rule.summary
