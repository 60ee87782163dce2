"""What git says a branch changes: added, changed, untracked; and every way in which it cannot say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from alembic_safe.errors import UsageError
from alembic_safe.workflow.changed import changed_since, repository_root

ENVIRONMENT = {
    **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Repository:
    """A repository in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "-q", "-b", "main", ".")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def write(self, name: str, text: str = "x") -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, *names: str) -> None:
        for name in names:
            self.write(name, f"{name} {len(list(self.path.rglob('*')))}")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.commit("versions/a.py", "versions/b.py", "versions/c.py")
    made.git("checkout", "-q", "-b", "work")
    return made


def names(found: tuple[Path, ...], repository: Repository) -> list[str]:
    return sorted(str(path.relative_to(repository.path)) for path in found)


def test_added_changed_renamed_and_untracked_files_are_told(repository):
    repository.write("versions/a.py", "changed")
    repository.git("mv", "versions/b.py", "versions/renamed.py")
    repository.git("rm", "-q", "versions/c.py")
    repository.commit("versions/ä ö.py")
    repository.write("versions/staged.py")
    repository.git("add", "-A")
    repository.write("versions/untracked.py")
    repository.write("versions/line\nend.py")
    repository.write("ignored.py")
    repository.write(".gitignore", "ignored.py\n")
    found = changed_since("main", repository.path)
    assert names(found, repository) == [
        ".gitignore", "versions/a.py", "versions/line\nend.py", "versions/renamed.py", "versions/staged.py",
        "versions/untracked.py", "versions/ä ö.py",
    ]  # fmt: skip


def test_what_the_other_branch_did_since_is_not_ours(repository):
    repository.commit("ours.py")
    repository.git("checkout", "-q", "main")
    repository.commit("theirs.py")
    repository.git("checkout", "-q", "work")
    assert names(changed_since("main", repository.path), repository) == ["ours.py"]


def test_it_may_be_asked_from_a_folder_below(repository):
    repository.commit("ours.py")
    assert names(changed_since("main", repository.path / "versions"), repository) == ["ours.py"]
    assert repository_root(repository.path / "versions") == repository.path


def test_a_repository_cannot_have_a_program_started(repository, tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(program))
    changed_since("main", repository.path)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("nonesuch", "knows no 'nonesuch'"),
        ("--output=x", "is not a git ref"),
        ("main:versions", "knows no"),
        ("orphan", "no commit in common"),
    ],
)
def test_a_ref_that_cannot_be_is_named(repository, ref, said):
    repository.git("checkout", "-q", "--orphan", "orphan")
    repository.commit("x.py")
    repository.git("checkout", "-q", "work")
    with pytest.raises(UsageError, match=said) as caught:
        changed_since(ref, repository.path)
    assert caught.value.hint


def test_outside_of_a_repository_it_says_so(tmp_path):
    with pytest.raises(UsageError, match="not in a git repository"):
        changed_since("main", tmp_path)
    assert repository_root(tmp_path) is None


def test_without_a_git_it_says_so(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no git on the PATH"):
        changed_since("main", repository.path)
