"""Which programs may run although nothing may be reached."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.worker.refusal import is_harmless


@pytest.mark.parametrize(
    ("program", "words", "harmless"),
    [
        ("git", ["git", "version"], True),
        ("lscpu", ["lscpu", "--parse=core"], True),
        ("lsb_release", ["lsb_release", "-a"], True),
        ("sh", ["sh", "-c", "lscpu"], False),
        ("git", ["git", "--version"], True),
        ("git", ["git", "fetch"], False),
        ("git", ["git", "version", "--upload-pack=x"], False),
        ("sh", ["sh", "-c", "git version"], False),
        ("uname", ["uname", "-p"], True),
    ],
)
def test_only_asking_for_a_version_or_the_machine_is_let_pass(
    program: str, words: list[str], harmless: bool
) -> None:
    assert is_harmless("subprocess.Popen", (program, words, None, None)) is harmless
