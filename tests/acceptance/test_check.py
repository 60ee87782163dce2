"""`alembic-safe check` as a pipeline and a pre-commit hook call it; no test here has a database."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from alembic_safe.report.json.schemas import schema
from tests.support.projects import Project, Rev

TABLE = Rev(
    "a1",
    "op.create_table('users', sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('name', sa.Text))",
    "op.drop_table('users')",
)
INDEX = Rev("b2", "op.create_index('ix_users_name', 'users', ['name'])", "op.drop_index('ix_users_name')")
SAFE = Rev("c3", "op.add_column('users', sa.Column('city', sa.Text))", "op.drop_column('users', 'city')")
RULE = "index-build-blocks-writes"
URL = "postgresql://nobody:SECRET@127.0.0.1:1/none"


@pytest.fixture
def shop(make_project: Callable[..., Project]) -> Project:
    """A table, an index built the unsafe way, a safe column; its URL leads nowhere."""
    return make_project(url=URL, revisions=[TABLE, INDEX, SAFE])


def found(project: Project, *arguments: str | Path, status: int = 0, **further: Any) -> dict[str, Any]:
    """The document of a check, which holds to its published schema."""
    done = project.run("check", *arguments, "--format", "json", **further)
    assert done.exit == status, done
    document: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(document, schema("check"))
    assert document["exit"] == status
    return document


def stopping(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"], one["revision"]) for one in document["findings"] if one["stops"]]


def file_of(project: Project, revision: str) -> Path:
    (path,) = project.versions.glob(f"{revision}_*.py")
    return path


def git(project: Project, *arguments: str) -> None:
    who = {f"GIT_{a}_{b}": "x@example.com" for a in ("AUTHOR", "COMMITTER") for b in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", *arguments], cwd=project.path, env={**os.environ, **who}, capture_output=True, check=True
    )


def test_all_judges_every_revision_by_itself(shop):
    document = found(shop, "--all", status=3)
    assert [one["revision"]["id"] for one in document["revisions"]] == ["a1", "b2", "c3"]
    assert (RULE, "b2") in stopping(document)
    (one,) = [f for f in document["findings"] if f["rule"] == RULE]
    assert Path(one["file"]) == file_of(shop, "b2")
    text = file_of(shop, "b2").read_text().splitlines()
    assert "create_index" in text[one["line"] - 1]
    assert one["excerpt"]["lines"][one["line"] - one["excerpt"]["first"]] == text[one["line"] - 1]
    assert "postgresql_concurrently=True" in one["recipe"]
    assert one["objects"] == ["users"]


@pytest.mark.parametrize(
    ("what", "judged", "status"),
    [
        (["b2"], ["b2"], 3),
        (["c3"], ["c3"], 0),
        (["a1:"], ["b2", "c3"], 3),
        (["b2:heads"], ["c3"], 0),
        (["a1:b2"], ["b2"], 3),
        (["heads:"], [], 0),
    ],
)
def test_a_range_judges_what_is_in_it_and_knows_what_was_before(shop, what, judged, status):
    document = found(shop, *what, status=status)
    assert [one["revision"]["id"] for one in document["revisions"]] == judged
    assert bool(document["notices"]) is (not judged)


def test_files_as_a_pre_commit_hook_passes_them(shop):
    script = shop.script.relative_to(shop.path)
    names = [
        script / "env.py",
        "alembic.ini",
        file_of(shop, "b2").relative_to(shop.path),
        file_of(shop, "c3"),
    ]
    document = found(shop, *names, status=3)
    assert [one["revision"]["id"] for one in document["revisions"]] == ["b2", "c3"]
    document = found(shop, script / "env.py", "alembic.ini")
    assert document["revisions"] == []
    assert "none of the files given is a revision" in document["notices"][0]


def test_since_judges_what_a_branch_adds_or_changes(shop):
    git(shop, "init", "-q", "-b", "main", ".")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "first")
    document = found(shop, "--since", "main")
    assert document["revisions"] == []
    assert "no revision was added or changed since main" in document["notices"]
    git(shop, "checkout", "-q", "-b", "work")
    shop.add_revision("d4", "c3", "op.create_index('ix_city', 'users', ['city'])")
    document = found(shop, "--since", "main", status=3)
    assert [one["revision"]["id"] for one in document["revisions"]] == ["d4"]
    assert document["root"] == str(shop.path)
    new = "op.create_table('shops', sa.Column('id', sa.BigInteger, primary_key=True))"
    file_of(shop, "d4").unlink()
    shop.add_revision("d4", "c3", new, "op.drop_table('shops')")
    shop.add_revision("e5", "d4", "op.create_index('ix_shops', 'shops', ['id'])", "op.drop_index('ix_shops')")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "second")
    document = found(shop, "--since", "main")
    assert RULE not in [one["rule"] for one in document["findings"]], "both are deployed at once"
    missing = shop.run("check", "--since", "nonesuch")
    assert missing.exit == 2 and "knows no 'nonesuch'" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "what is to be checked is not said"),
        (["--all", "b2"], "only one selection can hold"),
        (["--since", "main"], "not in a git repository"),
        (["nonesuch.py"], "there is no file nonesuch.py"),
        (["zz9"], "there is no revision zz9"),
        (["b2", "c3"], "neither one range nor files"),
        (["--all", "--allow", f"{RULE}="], "a reason is needed"),
        (["--all", "--allow", "x y=z"], "is not RULE=REASON"),
        (["--all", "--baseline", "none.json"], "cannot be read"),
        (["--all", "--format", "html"], "is not one of"),
        (["--all", "--postgresql-version", "eighteen"], "not a whole number"),
    ],
)
def test_what_cannot_be_is_a_usage_error(shop, arguments, said):
    done = shop.run("check", *arguments)
    assert done.exit == 2
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert done.stdout == ""


def test_the_gate_is_as_high_as_it_is_set(shop):
    assert stopping(found(shop, "b2", "--fail-on", "never")) == []
    document = found(shop, "b2", "--allow", f"{RULE}=the table is small")
    (one,) = [f for f in document["findings"] if f["rule"] == RULE]
    assert one["allowed"] == "the table is small"
    marked = file_of(shop, "b2").read_text().replace(
        "    op.create_index", f"    # alembic-safe: allow {RULE} because it is a copy\n    op.create_index"
    )  # fmt: skip
    file_of(shop, "b2").write_text(marked)
    assert stopping(found(shop, "b2")) == []


def test_an_allowance_that_matched_nothing_is_said_once(shop):
    document = found(shop, file_of(shop, "a1"), file_of(shop, "c3"), "--allow", f"{RULE}=why")
    unused = [one for one in document["findings"] if one["rule"] == "allowance-unused"]
    assert len(unused) == 1
    document = found(shop, file_of(shop, "b2"), "--allow", f"{RULE}=why")
    assert "allowance-unused" not in [one["rule"] for one in document["findings"]]


@pytest.mark.long
def test_a_baseline_takes_over_a_project_that_has_findings(shop):
    assert found(shop, "--all", "--write-baseline", "known.json")["known"] > 0
    document = found(shop, "--all", "--baseline", "known.json")
    assert document["findings"] == [] and document["known"] > 0
    # lines may move
    moved = "\n\n\n" + file_of(shop, "b2").read_text()
    file_of(shop, "b2").write_text(moved)
    assert found(shop, "--all", "--baseline", "known.json")["findings"] == []
    # what is new is found, also in a revision that has known ones
    file_of(shop, "b2").write_text(moved.replace("['name']", "['id']"))
    assert stopping(found(shop, "--all", "--baseline", "known.json", status=3)) == [(RULE, "b2")]
    file_of(shop, "b2").write_text(
        moved.replace("op.create_index('ix_users_name', 'users', ['name'])", "pass")
    )
    document = found(shop, "--all", "--baseline", "known.json")
    assert "no longer there" in document["notices"][0]


@pytest.mark.long
def test_nothing_is_connected_to_and_nothing_secret_is_said(make_project):
    secrets = """
    op.execute("ALTER ROLE app PASSWORD 'PLANTED1'")
    op.execute("UPDATE users SET name = 'PLANTED2'")
    op.execute('''INSERT INTO users (id, name)
        SELECT id, 'PLANTED3' FROM users''')
    op.execute("DO $$ BEGIN UPDATE users SET name = 'PLANTED4'; END $$")
    """
    project = make_project(url=URL, revisions=[TABLE, Rev("b2", secrets)])
    for form in ("console", "json", "sarif", "github", "gitlab", "markdown"):
        done = project.run("check", "b2", "--format", form, "--fail-on", "never", "-v")
        assert done.exit == 0, done
        assert "PLANTED" not in done.stdout + done.stderr, form
        assert "SECRET" not in done.stdout + done.stderr, form
    assert "backfill" in json.dumps(found(project, "b2", "--fail-on", "never"))


def test_machine_formats_stand_alone_on_stdout(shop):
    shop.env.write_text("print('noise')\n" + shop.env.read_text())
    shop.add_revision(
        "d4", "c3", "from alembic import context\nprint('noise')\ncontext.config.attributes['x']"
    )
    for form in ("json", "sarif", "gitlab"):
        json.loads(shop.run("check", "--all", "--format", form, "--scratch", "off").stdout)
    for line in shop.run("check", "--all", "--format", "github").stdout.splitlines():
        assert line.startswith("::")
    wrong = shop.run("check", "nonesuch.py", "--format", "sarif")
    assert json.loads(wrong.stdout)["runs"][0]["invocations"][0]["exitCode"] == 2


@pytest.mark.long
def test_a_result_may_go_to_a_file(shop):
    done = shop.run("check", "b2", "--format", "sarif", "--output", "out.sarif")
    assert done.exit == 3 and done.stdout == ""
    assert json.loads((shop.path / "out.sarif").read_text())["runs"][0]["results"]


def test_what_cannot_be_inspected_is_never_safe(shop):
    shop.add_revision("d4", "c3", "for row in op.get_bind().execute(sa.text('select 1')): pass")
    document = found(shop, "d4", "--scratch", "off")
    assert [one["rule"] for one in document["findings"]] == ["revision-not-inspectable"]
    assert found(shop, "d4", "--scratch", "off", "--fail-on", "warning", status=3)


@pytest.mark.long
def test_a_version_that_is_not_known_is_judged_as_the_nearest(shop):
    document = found(shop, "c3", "--postgresql-version", "21")
    assert "judged as 18" in document["notices"][0]


def test_explain_shows_a_rule_and_lists_them(shop):
    one = shop.run("explain", RULE).ok()
    assert "write instead" in one.stdout and "postgresql_concurrently=True" in one.stdout
    every = shop.run("explain", "--format", "json").ok()
    jsonschema.validate(json.loads(every.stdout), schema("explain"))
    assert RULE in [rule["id"] for rule in json.loads(every.stdout)["rules"]]
    wrong = shop.run("explain", "index-build-block-write")
    assert wrong.exit == 2 and f"Did you mean {RULE}" in wrong.stderr


def kept(project: Project) -> list[Path]:
    return list((project.path / ".cache").rglob("*.json"))


@pytest.mark.long
def test_a_history_that_was_read_once_is_known_the_next_time(shop):
    """The same is found with it as without, and a change of anything it follows from is seen."""
    before = found(shop, "c3")
    (file,) = kept(shop)
    assert file.stat().st_mode & 0o777 == 0o600
    assert found(shop, "c3") == before
    # what c3 is judged against is taken from there: nothing else knows of a table `towns`
    last = "op.create_index('ix', 'towns', ['id'])\nop.alter_column('towns', 'id', nullable=False)"
    shop.add_revision("d4", "c3", last, "")
    found(shop, "d4", status=3)
    file_of(shop, "a1").write_text(file_of(shop, "a1").read_text().replace("'users'", "'towns'"))
    changed = found(shop, "d4", status=3)
    assert len(kept(shop)) == 3, "an earlier revision that changed is another history"
    for broken in ("", "[]", "{", "[1,2,3,4,5,6]"):
        for one in kept(shop):
            one.write_text(broken)
        assert found(shop, "d4", status=3) == changed


def test_a_helper_that_revisions_import_is_part_of_the_history(shop):
    (shop.path / "helper.py").write_text("SQL = 'ALTER TABLE users ADD COLUMN x int'\n")
    shop.add_revision("d4", "c3", "import helper\nop.execute(helper.SQL)", head="import helper")
    shop.add_revision("e5", "d4", "op.execute('select 1')")
    found(shop, "e5", "--fail-on", "never")
    assert len(kept(shop)) == 1
    (shop.path / "helper.py").write_text("SQL = 'ALTER TABLE users ADD COLUMN y int'\n")
    found(shop, "e5", "--fail-on", "never")
    assert len(kept(shop)) == 2


def test_without_a_home_that_can_be_written_nothing_is_kept(shop):
    plain = found(shop, "c3")
    assert found(shop, "c3", env={"XDG_CACHE_HOME": "/proc/none"}) == plain


def test_a_project_on_sqlite_is_not_judged_by_postgresqls_locks(make_project: Callable[..., Project]) -> None:
    drop = Rev("d4", "op.drop_column('users', 'name')", "op.add_column('users', sa.Column('name', sa.Text))")
    project = make_project(revisions=[TABLE, INDEX, drop])
    document = found(project, "--all", status=3)
    # SQLite drops no column that an index is on
    assert stopping(document) == [("column-dropped", "d4"), ("sqlite-refuses", "d4")]
    assert any("--dialect postgresql" in notice for notice in document["notices"])
    document = found(project, "--all", "--dialect", "postgresql", status=3)
    assert stopping(document) == [(RULE, "b2"), ("column-dropped", "d4")]


def test_a_live_review_takes_an_sqlite_target(make_project: Any) -> None:
    table = "op.create_table('t', sa.Column('id', sa.Integer), sa.Column('x', sa.Text))"
    project = make_project(revisions=[Rev("a1", table)])
    project.run("upgrade", "--no-backup=test").ok()
    project.add(Rev("b2", "op.execute('CREATE INDEX t_x ON t (x)')"))
    found = project.run("check", "--all", "--live", "--format", "json")
    rules = {(one["rule"], one["severity"]) for one in found.json()["findings"]}
    assert not any(severity == "error" for _, severity in rules), rules
    assert found.exit == 0, found
    assert project.run("check", "--all", "--live", "--dialect", "postgresql").exit == 2
