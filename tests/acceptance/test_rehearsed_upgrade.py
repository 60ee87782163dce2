"""`upgrade --rehearse`: backup, the revisions on a clone of it, the gate on what was seen, then the real run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.test_rehearse import LONG, ORDERS, _filled, _given
from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

# what no reading of it tells: the rows are not unique
UNIQUE = Rev(
    "b2",
    """
    # alembic-safe: allow unique-on-existing-rows, index-build-blocks-writes because the clone will show it
    op.create_index('only_one', 'orders', [sa.text('length(note)')], unique=True)
    """,
    "op.drop_index('only_one')",
)
EXPAND = Rev(
    "b2", "op.add_column('orders', sa.Column('seen', sa.Integer))", "op.drop_column('orders', 'seen')"
)
# leaves the column behind, so that a second way up would fail
NO_WAY_BACK = Rev("b2", "op.add_column('orders', sa.Column('seen', sa.Integer))", "pass")


def test_what_fails_on_the_clone_never_reaches_the_target(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(url=pg_database.url(), revisions=[ORDERS, UNIQUE])
    _filled(project, pg_database, 50)
    done = project.run("upgrade", "--rehearse", "--format", "json", env=_given(pg_database), timeout=LONG)
    document = done.json()
    assert done.exit == 5, done
    assert "could not create unique index" in document["error"]["message"]
    assert document["targets"][0]["run"] is None
    assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
    (seen,) = document["rehearsed"][0]["revisions"]
    assert seen["fault_at"]["line"] > 1


@pytest.mark.parametrize("revision", [NO_WAY_BACK, EXPAND], ids=["does not work", "works"])
def test_a_downgrade_is_a_way_back_once_it_was_tried(
    make_project: Callable[..., Project], pg_database: TestDatabase, revision: Rev
) -> None:
    project = make_project(url=pg_database.url(), revisions=[ORDERS, revision])
    _filled(project, pg_database, 50)
    done = project.run(
        "upgrade", "--rehearse", "--backup-scope", "schema", "--format", "json",
        env=_given(pg_database), timeout=LONG,
    )  # fmt: skip
    document = done.json()
    if revision is NO_WAY_BACK:
        assert done.exit == 3, done
        assert "the way back does not work" in document["error"]["message"]
        assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
        return
    assert done.exit == 0, done
    assert document["targets"][0]["way_back_kind"] == "rehearsed downgrade"
    assert document["targets"][0]["way_back"].startswith("rehearsed downgrade: back to a1")
    assert pg_database.fetch("select version_num from alembic_version") == [("b2",)]
    (kept,) = project.run("history", "--format", "json").json()["runs"][0]["steps"]
    assert kept["forecast"] == pytest.approx(document["rehearsed"][0]["revisions"][0]["forecast"])
    assert kept["duration"] > 0, "what was expected and what was measured stand side by side"


# of a clone without rows neither is seen
HIDDEN = Rev(
    "b2",
    """
    rows = op.get_bind().execute(sa.text("select count(*) from orders")).scalar()
    if rows:
        op.execute('alter table orders drop column note')
    op.get_bind().connection.cursor().execute('alter table orders drop column id')
    """,
    "op.add_column('orders', sa.Column('note', sa.Text))",
)


@pytest.mark.long
def test_what_the_clone_did_not_show_is_refused_all_the_same(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(url=pg_database.url(), revisions=[ORDERS, HIDDEN])
    _filled(project, pg_database, 50)
    done = project.run(
        "upgrade", "--rehearse", "--backup-scope", "schema", "--format", "json",
        env=_given(pg_database), timeout=LONG,
    )  # fmt: skip
    assert done.exit == 3, done
    dropped = [
        one["line"] for one in done.json()["findings"] if one["rule"] == "column-dropped" and one["stops"]
    ]
    assert len(dropped) == 2
    assert pg_database.fetch("select count(note), count(id) from orders") == [(50, 50)]
