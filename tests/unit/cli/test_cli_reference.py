"""The reference: what is kept is what the code says, and a difference is found."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from alembic_safe.cli.commands import COMMANDS
from alembic_safe.cli.exits import EXIT_MEANINGS
from alembic_safe.cli.reference import pages
from alembic_safe.cli.reference.__main__ import main
from alembic_safe.report.json.schemas import RESULTS
from alembic_safe.settings.options import OPTIONS

KEPT = Path(__file__).parents[3] / "docs" / "reference"


def test_the_reference_that_is_kept_is_the_codes() -> None:
    assert main(["--check", str(KEPT)]) == 0


def test_a_difference_is_found_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(tmp_path)]) == 1
    assert "settings.md" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    file = tmp_path / "settings.md"
    file.write_text(file.read_text() + "x")
    assert main(["--check", str(tmp_path)]) == 1
    assert f"{tmp_path} differs from the code in: settings.md" in capsys.readouterr().err


def test_every_option_command_and_status_has_its_place() -> None:
    made = pages()
    for option in OPTIONS:
        assert f"\n## {option.name}\n" in made["settings.md"]
    for command in COMMANDS:
        assert f"\n## {command.name}\n" in made["cli.md"]
    for status in EXIT_MEANINGS:
        assert f"\n| {status} | " in made["exit-status.md"]
    schemas = [json.loads(text) for name, text in made.items() if name.endswith(".schema.json")]
    assert len(schemas) == len(RESULTS)
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in KEPT.parent.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path}: {link}"
