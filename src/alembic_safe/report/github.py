"""`check` as GitHub workflow commands, which show as annotations at the lines of a pull request. Pure.

The form is that of docs.github.com, "Workflow commands for GitHub Actions": `::error file=...,line=...::message`,
with the escapes of the runner's own toolkit (actions/toolkit, command.ts), so that no text can begin a command.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.results import CheckResult, ReportedFinding
from alembic_safe.report.located import relative, sentence
from alembic_safe.report.wording import clean, clean_lines

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(result: CheckResult) -> str:
    """A line for each finding that nobody allowed, and for an error; empty where there is none."""
    return "".join(f"{command}\n" for command in _commands(result))


def _commands(result: CheckResult) -> Iterator[str]:
    if result.error is not None:
        said = f"{result.error.message}\n{result.error.hint}"
        yield f"::error title={_property('alembic-safe check')}::{_data(said)}"
    for text in result.notices:
        yield f"::notice title={_property('alembic-safe check')}::{_data(text)}"
    for found in result.findings:
        if found.allowed is None:
            yield _command(found, result.root)


def _command(found: ReportedFinding, root: str) -> str:
    properties = {}
    if found.file is not None:
        properties["file"] = relative(found.file, root)
        if found.line is not None:
            properties["line"] = str(found.line)
    properties["title"] = found.rule
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = sentence(found)
    if found.recipe:
        text += f"\n\nwrite instead:\n{found.recipe}"
    return f"::{_COMMANDS[found.severity]} {shown}::{_data(text)}"


def _data(text: str) -> str:
    harmless = "\n".join(clean_lines(text))
    return harmless.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    harmless = clean(text).replace("%", "%25")
    return harmless.replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
