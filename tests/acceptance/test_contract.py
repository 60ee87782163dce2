"""A contract step passes only when the code that runs now no longer maps what goes: the journal proves it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.projects import Project, Rev

NO_BACKUP = "--no-backup=test"
_OLD = """
    import sqlalchemy as sa
    metadata = sa.MetaData()
    users = sa.Table('users', metadata, sa.Column('id', sa.Integer, primary_key=True), sa.Column('nick', sa.Text))
"""
_NEW = _OLD.replace(", sa.Column('nick', sa.Text)", "")
_FIRST = Rev(
    "a1",
    "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('nick', sa.Text))\n"
    "op.execute(\"insert into users values (1, 'n')\")",
)
_DROP = Rev("b2", "op.drop_column('users', 'nick')", head="# alembic-safe: phase contract")


def _release(project: Project, models: str) -> None:
    (project.path / "models.py").write_text("\n".join(line[4:] for line in models.splitlines()))


def _stopping(done: Any) -> list[tuple[str, str]]:
    return [(one["rule"], one["message"]) for one in done.json()["findings"] if one["stops"]]


@pytest.fixture(params=["postgresql", "sqlite"])
def project(request: pytest.FixtureRequest, make_project: Any) -> Project:
    """A project whose first release maps the column, deployed."""

    def env(text: str) -> str:
        return "import models\n" + text.replace("target_metadata = None", "target_metadata = models.metadata")

    url = request.getfixturevalue("pg_database").url() if request.param == "postgresql" else None
    made: Project = make_project(url=url, env=env, revisions=[_FIRST], files={"models.py": _OLD})
    made.run("upgrade", NO_BACKUP).ok()
    return made


@pytest.mark.long
@pytest.mark.slow
def test_only_after_a_release_that_maps_it_no_more(project: Project) -> None:
    project.add(_DROP)
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    assert refused.exit == 3, str(refused)
    ((rule, message),) = _stopping(refused)
    assert rule == "column-dropped" and "the models still map users.nick" in message

    _release(project, _NEW)  # model and column in one release: the pods that run map it
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    ((rule, message),) = _stopping(refused)
    assert rule == "column-dropped" and "the code that runs now still maps users.nick" in message
    # a refused run proves nothing
    assert project.run("upgrade", NO_BACKUP).exit == 3

    (project.versions / "b2_revision.py").unlink()
    project.run("upgrade", NO_BACKUP).ok()  # a release without it, with nothing pending
    project.add(Rev("b2", _DROP.upgrade, head=_DROP.head, down="a1"))
    done = project.run("upgrade", NO_BACKUP, "--format", "json").ok()
    assert not [
        one for one in done.json()["findings"] if one["rule"] in ("column-dropped", "contract-not-proven")
    ]


def test_without_an_earlier_run_it_is_not_proven(make_project: Any, pg_database: Any) -> None:
    def env(text: str) -> str:
        return "import models\n" + text.replace("target_metadata = None", "target_metadata = models.metadata")

    files = {"models.py": _NEW}
    project = make_project(url=pg_database.url(), env=env, revisions=[_FIRST, _DROP], files=files)
    project.run_alembic("upgrade", "a1").ok()  # the tool is new here
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    assert refused.exit == 3, str(refused)
    assert [rule for rule, _ in _stopping(refused)] == ["contract-not-proven"]
    project.run("upgrade", NO_BACKUP, "--allow", "contract-not-proven=nobody has used it since May").ok()


@pytest.mark.long
def test_a_failed_run_proves_nothing(project: Project) -> None:
    _release(project, _NEW)
    project.add(Rev("b2", "op.execute('select * from nowhere')", message="fails"))
    assert project.run("upgrade", NO_BACKUP, "--fail-on", "never").exit == 5
    (project.versions / "b2_fails.py").unlink()
    project.add(Rev("b2", _DROP.upgrade, head=_DROP.head, down="a1"))
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    ((rule, message),) = _stopping(refused)
    assert rule == "column-dropped" and "the code that runs now still maps users.nick" in message
