"""Which files a branch adds or changes, asked of git; and the folder that a repository's paths begin at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from alembic_safe.errors import UsageError

_SECONDS = 60.0
# a repository's own configuration must not have git start programs, and looking must not write
_CAREFUL = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_FILES = "Or name the files: `alembic-safe check FILE...`."


def changed_since(ref: str, directory: Path) -> tuple[Path, ...]:
    """Files added or changed since the merge base of `ref` and HEAD, absolute; uncommitted ones included.

    Raises `UsageError` where that cannot be told: no git, no repository, no such ref, no common commit (a
    shallow clone has none).
    """
    root = _root(directory)
    if ref.startswith("-"):
        raise UsageError(f"--since: {ref!r} is not a git ref", hint="Name a branch, a tag or a commit.")
    commit, said = _ask(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if commit is None:
        shallow = "In a pipeline, is that branch fetched? (actions/checkout: `fetch-depth: 0`) "
        raise UsageError(f"--since: git knows no {ref!r} here", hint=shallow + _FILES, detail=said or None)
    base, said = _ask(root, "merge-base", commit.strip(), "HEAD")
    if base is None:
        raise UsageError(
            f"--since: {ref!r} and HEAD have no commit in common that is here",
            hint=f"A shallow clone lacks it: fetch more (actions/checkout: `fetch-depth: 0`). {_FILES}",
            detail=said or None,
        )
    changed = _must(root, "diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", base.strip(), "--")
    unknown = _must(root, "ls-files", "--others", "--exclude-standard", "-z")
    names = dict.fromkeys([*changed.split("\0"), *unknown.split("\0")])
    return tuple(root / name for name in names if name)


def repository_root(directory: Path) -> Path | None:
    """The top folder of the repository that `directory` is in; None where there is none, or no git."""
    try:
        return _root(directory)
    except UsageError:
        return None


def commit_of(directory: Path) -> str:
    """The commit that is checked out; "" where there is none, or no git."""
    try:
        commit, _ = _ask(directory, "rev-parse", "--verify", "--quiet", "HEAD")
    except UsageError:
        return ""
    return (commit or "").strip()


def last_commit_with(pattern: str, folder: Path) -> tuple[str, str] | None:
    """The newest commit of any branch that added or changed a file of `folder` by a line of this pattern (git's basic
    one), and that file by its path in the repository; None where there is none, no repository, or no git.
    """
    try:
        root = _root(folder)
        said, _ = _ask(
            root, "log", "--all", "-1", "--format=%H", "--name-only", "--no-renames", "--diff-filter=d",
            "-z", f"-G{pattern}", "--", str(folder),
        )  # fmt: skip
    except UsageError:
        return None
    names = [name.strip("\n") for name in (said or "").split("\0") if name.strip("\n")]
    return (names[0], names[1]) if len(names) > 1 else None


def branches_with(commit: str, directory: Path) -> tuple[str, ...]:
    """The branches that have a commit, a remote's too."""
    try:
        said, _ = _ask(
            directory,
            "for-each-ref",
            "--contains",
            commit,
            "--format=%(refname:short)",
            "refs/heads",
            "refs/remotes",
        )
    except UsageError:
        return ()
    return tuple((said or "").split())


def content_at(commit: str, path: str, directory: Path) -> str | None:
    """A file of the repository that `directory` is in, as a commit has it; None where it has none."""
    try:
        return _ask(directory, "cat-file", "blob", f"{commit}:{path}")[0]
    except UsageError:
        return None


def _root(directory: Path) -> Path:
    top, said = _ask(directory, "rev-parse", "--show-toplevel")
    if top is None:
        raise UsageError(
            f"--since: {directory} is not in a git repository that git would read", hint=_FILES, detail=said
        )
    return Path(top.rstrip("\n"))


def _must(directory: Path, *arguments: str) -> str:
    text, said = _ask(directory, *arguments)
    if text is None:
        raise UsageError(f"--since: `git {arguments[0]}` failed", hint=_FILES, detail=said)
    return text


def _ask(directory: Path, *arguments: str) -> tuple[str | None, str]:
    """What git printed, None where it failed; and what it said on stderr. Raises `UsageError` without a git."""
    try:
        done = subprocess.run(
            ["git", *_CAREFUL, *arguments],
            cwd=directory,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("--since: there is no git on the PATH", hint=_FILES) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--since: git cannot be run: {error}", hint=_FILES) from None
    said = done.stderr.decode("utf-8", "replace").strip()
    return (os.fsdecode(done.stdout) if done.returncode == 0 else None), said
