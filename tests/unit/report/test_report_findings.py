"""The forms of `check` for machines and pull requests: whole, alone, and inert whatever the project's text says."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.model.results import CheckResult, Excerpt, Failure
from alembic_safe.report import github, gitlab, markdown, sarif
from alembic_safe.report.empty import empty_result
from tests.unit.report import samples

FORMS = {"sarif": sarif, "github": github, "gitlab": gitlab, "markdown": markdown}
ATTACK = (
    "x](http://evil) ![i](http://evil/i.png) <script>alert(1)</script> <!-- @org/team #1 `code` ``` ~~~ "
    "*b* _i_ [red]r[/red] www.evil.example https://evil.example\n::error file=a::pwned\r\n::add-mask::y\n"
    "| a | b |\n# h\n> q\n%0A::error::z\x1b[2J\u202e{0} &lt; \\"
)


@cache
def official_schema() -> dict[str, Any]:
    """SARIF 2.1.0's own schema as SchemaStore has it; it is taken out of the package's cache as text."""
    try:
        package = distribution("schemastore")
    except PackageNotFoundError:
        pytest.skip("schemastore, which holds SARIF's schema, is not installed")
    path = package.locate_file("schemastore/cache.sqlite")
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        rows = connection.execute("select value from responses").fetchall()
    finally:
        connection.close()
    for (blob,) in rows:
        if b"Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema" in blob[:400]:
            text = blob[blob.index(b"{", 30) :].decode("utf-8", "replace")
            found: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
            if "externalProperties" in found.get("definitions", {}) and "runs" in found["properties"]:
                return found
    raise AssertionError("schemastore no longer holds the schema")


def results() -> list[CheckResult]:
    failed = empty_result("check", 2, Failure("UsageError", "there is no file a.py", "Look.", None))
    assert isinstance(failed, CheckResult)
    return [samples.checked(), samples.hostile_check(), attack(ATTACK), failed]


def attack(text: str) -> CheckResult:
    found = samples.finding(
        rule=text, message=text, recipe=text, revision=text, file=f"/srv/shop/{text}", objects=(text,),
        blocks=(text,), excerpt=Excerpt(13, (text, text, text)),
    )  # fmt: skip
    allowed = samples.finding(message=text, allowed=text)
    return CheckResult(3, 18, (), (found, allowed), "error", 0, (), "/srv/shop", (text,))


@pytest.mark.parametrize("result", results())
def test_sarif_is_what_its_official_schema_says(result: CheckResult) -> None:
    document = json.loads(sarif.render(result))
    schema = official_schema()
    jsonschema.validators.validator_for(schema)(schema).validate(document)
    document["runs"][0]["results"] = [{"level": "grave", "message": {"text": "x"}}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validators.validator_for(schema)(schema).validate(document)


def test_sarif_says_where_what_and_how_bad() -> None:
    run = sarif.document(samples.checked())["runs"][0]
    first, plan, allowed = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "migrations/versions/5a1b2c_add_email.py", "uriBaseId": "SRCROOT",
    }  # fmt: skip
    assert place["region"]["startLine"] == 14
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == "file:///srv/shop/"
    assert first["level"] == "error"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    assert first["partialFingerprints"]
    assert "locations" not in plan
    assert allowed["suppressions"][0]["justification"] == "the table is small"
    assert "suppressions" not in first
    assert run["invocations"][0]["exitCode"] == 3


def test_a_failed_check_is_told_in_every_form() -> None:
    failed = results()[-1]
    (run,) = sarif.document(failed)["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "no file a.py" in json.dumps(run["invocations"])
    assert github.render(failed).startswith("::error title=alembic-safe check::there is no file a.py%0A")
    assert json.loads(gitlab.render(failed))[0]["severity"] == "blocker"
    assert "could not be made" in markdown.render(failed)


def test_github_has_one_command_a_finding() -> None:
    first, second = github.render(samples.checked()).splitlines()
    assert first.startswith(
        "::error file=migrations/versions/5a1b2c_add_email.py,line=14,title=index-build-blocks-writes::builds"
    )
    assert "%0A%0Awrite instead:%0Awith op.get_context()" in first
    assert second == "::notice title=index-build-blocks-writes::this checkout has 2 heads"


COMMAND = re.compile(r"::(error|warning|notice) ((file|line|title)=[^,:\r\n]*,?)+::[^\r\n]*")


@given(st.text() | st.sampled_from([ATTACK, samples.EVIL]))
def test_github_takes_no_command_from_a_text(text: str) -> None:
    lines = github.render(attack(text)).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 2, "one notice, one finding"
    for line in lines:
        assert COMMAND.fullmatch(line), line
    assert lines[1].count("file=") >= 1


def test_gitlab_entries_are_whole_and_told_apart() -> None:
    entries = json.loads(gitlab.render(samples.checked()))
    assert [entry["severity"] for entry in entries] == ["critical", "info"]
    assert entries[0]["location"] == {
        "path": "migrations/versions/5a1b2c_add_email.py", "lines": {"begin": 14},
    }  # fmt: skip
    twice = CheckResult(3, 18, (), (samples.finding(), samples.finding(line=15)))
    marks = [entry["fingerprint"] for entry in json.loads(gitlab.render(twice))]
    assert len(set(marks)) == 2
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}


def outside_code(text: str) -> str:
    """Markdown without its fenced blocks and code spans, as a reader of CommonMark tells them."""
    kept, fence = [], ""
    for line in text.split("\n"):
        opens = re.match(r"(`{3,})", line)
        if fence:
            fence = "" if line == fence else fence
            continue
        if opens:
            fence = opens[1]
            continue
        kept.append(re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "CODE", line))
    assert not fence, "a block that is not closed"
    return "\n".join(kept)


@given(st.text() | st.sampled_from([ATTACK, samples.EVIL, "`", "```", "a``b`"]))
def test_markdown_takes_nothing_from_a_text(text: str) -> None:
    made = markdown.render(attack(text))
    prose = outside_code(made)
    assert "<" not in prose
    assert "`" not in prose
    for line in prose.split("\n"):
        body = re.sub(r"^(#{3,4} |> |- )", "", line)
        assert not re.search(r"[*_\[\]|~!\\]", body), line
        assert not re.search(r"[@#](?=\w)", html.unescape(re.sub(r"&#8203;", "\u200b", body))), line
        assert not re.search(r"(?i)https?://|www\.", body), line
    assert len(made) < 65_536


def test_markdown_shows_the_place_the_source_and_the_recipe() -> None:
    made = markdown.render(samples.checked())
    assert "check: refused" in made
    assert "`migrations/versions/5a1b2c_add_email.py:14`" in made
    assert ">   14 |     op.create_index('ix_users_email', 'users', ['email'])" in made
    assert "```python\nwith op.get_context().autocommit_block():" in made
    assert "the table is small" in made


def test_markdown_stays_short_enough_for_a_comment() -> None:
    many = tuple(samples.finding(fingerprint=str(n), message="x" * 500) for n in range(500))
    made = markdown.render(CheckResult(3, 18, (), many))
    assert len(made) < 65_536
    assert re.search(r"\.\.\. and \d+ further findings", made)


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("result", results())
def test_no_form_holds_what_a_terminal_would_obey(form: str, result: CheckResult) -> None:
    made = FORMS[form].render(result)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", made)


def test_paths_are_told_from_the_root_and_quoted() -> None:
    found = samples.finding(file="/srv/shop/mig rations/ä%.py")
    run = sarif.document(CheckResult(3, 18, (), (found,), root="/srv/shop"))["runs"][0]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii() and unquote(uri) == "mig rations/ä%.py"
    elsewhere = CheckResult(3, 18, (), (samples.finding(file="/opt/x.py"),), root="/srv/shop")
    run = sarif.document(elsewhere)["runs"][0]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///opt/x.py"
    }
