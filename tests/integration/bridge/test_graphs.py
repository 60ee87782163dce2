"""Shapes of revision graphs, and of the files that hold them; what is pending is what alembic would run."""

from __future__ import annotations

import re

import pytest

from alembic_safe.bridge.messages import GraphRead
from tests.integration.bridge.conftest import Bridge, versions
from tests.support.projects import Rev

LOADS_LATE = """
from alembic import context
from pathlib import Path
here = Path(__file__).parent
for plugin in ("one", "two"):
    pass
context.script.version_locations = [str(here / "versions"), str(here / "more")]
context.script.__dict__.pop("_version_locations", None)
"""


def test_branches_labels_dependencies_and_many_merges(bridge: Bridge, make_project):
    revisions = [Rev("root", down=None), Rev("other_base", down=None, labels=("plugin",))]
    left, right = "root", "root"
    for n in range(30):
        revisions += [Rev(f"left{n}", down=left), Rev(f"right{n}", down=right)]
        revisions.append(Rev(f"merge{n}", down=(f"left{n}", f"right{n}")))
        left = right = f"merge{n}"
    revisions += [
        Rev("plugin_1", down="other_base", depends_on="merge3"),
        Rev("plugin_2", down="plugin_1"),
        Rev("side", down="merge29", labels=("side_branch",), downgrade=None),
    ]
    project = make_project(revisions=revisions)
    found = bridge.probe(project)
    found.finished
    (target,) = found.targets
    assert len(target.pending) == 95 and set(target.expected_heads) == {"side", "plugin_2"}
    (graph,) = found.of(GraphRead)
    assert set(graph.heads) == {"side", "plugin_2"} and len(graph.revisions) == 95
    by_id = {revision.id: revision for revision in graph.revisions}
    assert by_id["plugin_1"].depends_on == ("merge3",) and not by_id["side"].has_downgrade
    # a branch's label comes with every revision of it
    assert by_id["side"].labels == ("side_branch",)

    for destination, last in (
        ("merge3", "merge3"),
        ("other", "other_base"),
        ("plugin_1", "plugin_1"),
        ("plugin@+1", "plugin_2"),
        ("side_branch@head", "side"),
        ("heads", None),
    ):
        asked = bridge.probe(project, destination=destination).targets[0]
        played = bridge(project, destination=destination)
        played.finished
        assert tuple(played.committed) == asked.pending, destination
        assert versions(project.database_file) == sorted(asked.expected_heads), destination
        assert last is None or last in asked.expected_heads
    assert versions(project.database_file) == ["plugin_2", "side"]
    back = bridge(project, direction="downgrade", destination="plugin@base")
    back.finished
    assert versions(project.database_file) == ["side"]


def test_a_revision_without_downgrade_fails_and_is_named(bridge: Bridge, make_project, pg_database):
    project = make_project(url=pg_database.url(), revisions=[Rev("a1"), Rev("b2", downgrade=None)])
    bridge(project).finished
    back = bridge(project, direction="downgrade", destination="base")
    assert back.why and back.failed
    assert "downgrade" in back.failed.message and "b2" in back.failed.message
    assert versions(pg_database) == ["b2"]


def test_ids_that_are_words_prefixes_and_abbreviations(bridge: Bridge, make_project):
    names = ["heads_up", "add users", "drop", "abc", "abcdef", "abcdefgh", "2024_01", "ünïcode", "x" * 32]
    project = make_project(
        revisions=[Rev(name, down=None if n == 0 else names[n - 1]) for n, name in enumerate(names)]
    )
    bridge(project, destination="abc").finished
    assert versions(project.database_file) == ["abc"]
    assert bridge.probe(project).targets[0].pending == tuple(names[4:])
    assert bridge.probe(project, destination="2024").targets[0].pending == ("abcdef", "abcdefgh", "2024_01")
    assert "abcde" in (bridge.probe(project, destination="abcde").targets[0].fault or "")
    bridge(project).finished
    assert versions(project.database_file) == ["x" * 32]


def test_a_row_that_is_only_a_prefix_is_unknown(bridge: Bridge, make_project, pg_database):
    project = make_project(url=pg_database.url(), revisions=[Rev("abcdef"), Rev("bcdefa")])
    bridge(project, destination="abcdef").finished
    pg_database.fetch("update alembic_version set version_num = 'abcd'")
    (target,) = bridge.probe(project).targets
    assert (target.unknown, target.pending) == (("abcd",), ())


def test_a_graph_that_loads_only_after_env_py(bridge: Bridge, make_project):
    project = make_project(
        revisions=[Rev("a1"), Rev("b2", head="import app_context\napp_context.need()")],
        files={"app_context.py": "ready = False\ndef need():\n    assert ready, 'no app context'\n"},
        env=lambda text: "import app_context\napp_context.ready = True\n" + LOADS_LATE + text,
    )
    (project.script / "more").mkdir()
    text = 'revision = "c3"\ndown_revision = "b2"\n\n\ndef upgrade():\n    pass\n'
    (project.script / "more" / "c3_.py").write_text(text)
    found = bridge.probe(project)
    found.finished
    assert found.targets[0].pending == ("a1", "b2", "c3")
    played = bridge(project)
    played.finished
    assert versions(project.database_file) == ["c3"]


def test_several_version_locations(bridge: Bridge, make_project):
    project = make_project(
        revisions=[Rev("a1")],
        # the template of 1.12 has a comment on the separator's line that its own reader does not bear
        ini=lambda text: re.sub(r"(path_separator) = os.*", r"\1 = space", text).replace(
            "script_location =",
            "version_locations = %(here)s/migrations/versions %(here)s/plugin\nscript_location =",
            1,
        ),
    )
    (project.path / "plugin").mkdir()
    (project.path / "plugin" / "p1.py").write_text(
        'revision = "p1"\ndown_revision = None\nbranch_labels = ("plugin",)\n\n\ndef upgrade():\n    pass\n'
    )
    found = bridge.probe(project)
    assert set(found.targets[0].expected_heads) == {"a1", "p1"}
    bridge(project).finished
    assert versions(project.database_file) == ["a1", "p1"]


def test_x_arguments_and_other_sections(bridge: Bridge, make_project):
    project = make_project(
        revisions=[Rev("a1")],
        env=lambda text: (
            "from alembic import context\n"
            "config = context.config\n"
            "print(context.get_x_argument(), config.config_ini_section, context.get_tag_argument(),"
            " context.get_head_revisions())\n" + text
        ),
    )
    section = f"\n[second]\nscript_location = {project.script}\nsqlalchemy.url = sqlite:///{project.path}/second.db\n"
    project.ini.write_text(project.ini.read_text() + section)
    played = bridge(project, section="second", x_arguments=("tenant=a", "flag"))
    played.finished
    assert "['tenant=a', 'flag']" in played.lines[0] and "second" in played.lines[0]
    assert versions(project.path / "second.db") == ["a1"]
    assert not project.database_file.exists()


@pytest.mark.parametrize("again", [1, 2])
def test_models_declared_in_revisions_and_env_py(bridge: Bridge, make_project, pg_database, again):
    model = """
    from sqlalchemy.orm import declarative_base
    from app_models import Base
    class Thing(Base):
        __tablename__ = 'thing'
        id = sa.Column(sa.Integer, primary_key=True)
    """
    make = "Thing.__table__.create(op.get_bind())\n"
    project = make_project(
        url=pg_database.url(),
        revisions=[Rev("a1", make, head=model), Rev("b2", "op.execute('select 1/0')")],
        files={"app_models.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"},
        env=lambda text: (
            "import sqlalchemy as sa\nfrom app_models import Base\n"
            "class User(Base):\n    __tablename__ = 'users'\n    id = sa.Column(sa.Integer, primary_key=True)\n"
            + text
        ),
    )
    assert bridge.probe(project).finished
    assert "division by zero" in bridge(project).why
    for _ in range(again):
        assert "division by zero" in bridge(project).why
    (project.versions / "b2_revision.py").unlink()
    project.add_revision("b2", "a1", "op.execute('create table mended (id int)')")
    bridge(project).finished
    assert versions(pg_database) == ["b2"]
    assert pg_database.fetch(
        "select to_regclass('mended') is not null, to_regclass('thing') is not null"
    ) == [(True, True)]
