"""Marks in comments: read from real comments only, with the lines they speak of."""

from __future__ import annotations

from alembic_safe.rules import marks_in_sql, read_marks

SOURCE = '''"""Drop it.

# alembic-safe: phase contract
"""
from alembic import op

# alembic-safe: phase contract
# alembic-safe: re-runnable


def upgrade():
    # alembic-safe: allow table-dropped, column-dropped because nobody uses it
    op.drop_table(
        "t",
    )
    op.execute("x")  # alembic-safe: allow truncate because it is a cache
    op.execute("""
        -- alembic-safe: allow delete because of a string
    """)

    # alembic-safe: allow far-away because a blank line follows

    op.execute("y")


def downgrade():
    pass  # alembic-safe: allow table-renamed because of the other way
'''


def test_allowances_cover_the_statement_they_stand_at() -> None:
    marks = read_marks(SOURCE, "/r.py")
    found = {a.rule: (a.line, a.first, a.last, a.reason) for a in marks.allowances}
    assert found == {
        "table-dropped": (12, 13, 15, "nobody uses it"),
        "column-dropped": (12, 13, 15, "nobody uses it"),
        "truncate": (16, 16, 16, "it is a cache"),
        "far-away": (21, 21, 21, "a blank line follows"),
        "table-renamed": (27, 27, 27, "of the other way"),
    }
    assert marks.downgrade_lines == ((26, 27),)


def test_phase_and_rerunnable_count_in_comments_and_not_in_strings() -> None:
    marks = read_marks(SOURCE)
    assert (marks.phase, marks.phase_line, marks.rerunnable) == ("contract", 7, True)
    assert read_marks('x = "# alembic-safe: phase contract"').phase is None


def test_what_begins_like_a_mark_and_is_none_is_said() -> None:
    marks = read_marks(
        "# alembic-safe: allow table-dropped\n# alembic-safe: phase kontract\n# alembic-safe: allow because x\n"
    )
    assert marks.allowances == ()
    assert [(f.line, f.message) for f in marks.faults] == [
        (1, "the allowance of table-dropped gives no reason"),
        (2, '"phase kontract" is no mark of alembic-safe'),
        (3, "an allowance names no rule"),
    ]


def test_sql_comments_hold_marks() -> None:
    marks = marks_in_sql(
        ["-- alembic-safe: allow truncate because it is a cache", "/* alembic-safe: allow a because b */"]
    )
    assert [(a.rule, a.reason) for a in marks.allowances] == [("truncate", "it is a cache"), ("a", "b")]


def test_broken_sources_have_no_marks() -> None:
    for text in ("def (", "x = '''", "\0", "\tx\n  y", "("):
        assert read_marks(text).allowances == ()
