"""Which programs may run although nothing may be reached."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.worker.refusal import is_harmless


@pytest.mark.parametrize(
    ("program", "words", "harmless"),
    [
        ("git", ["git", "version"], True),
        ("git", ["git", "--version"], True),
        ("git", ["git", "fetch"], False),
        ("git", ["git", "version", "--upload-pack=x"], False),
        ("sh", ["sh", "-c", "git version"], False),
        ("uname", ["uname", "-p"], True),
    ],
)
def test_only_asking_git_for_its_version_is_let_pass(program: str, words: list[str], harmless: bool) -> None:
    assert is_harmless("subprocess.Popen", (program, words, None, None)) is harmless
