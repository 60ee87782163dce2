"""The console's views: golden texts, hostile text, colour, and what must stand in them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.errors import UnreachableError
from alembic_safe.model.results import Failure, Result
from alembic_safe.report import wording
from alembic_safe.report.console import View, render
from alembic_safe.report.empty import empty_result
from alembic_safe.report.failures import render_failure
from alembic_safe.report.json.schemas import RESULTS
from tests.unit.report import golden, samples

GOLDEN = dict(golden.views())


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_view_is_the_golden_one(name: str) -> None:
    assert GOLDEN[name] == golden.FOLDER.joinpath(name).read_text(encoding="utf-8")


def test_no_golden_text_is_left_over_and_none_is_wider_than_its_width() -> None:
    assert {path.name for path in golden.FOLDER.iterdir()} == set(GOLDEN)
    for name, text in GOLDEN.items():
        width = int(name.split(".")[1])
        # init's snippets and recipes are to be copied and are never broken
        assert name.startswith(("init", "check", "explain")) or max(map(len, text.splitlines())) <= width


def obeyed(text: str) -> list[str]:
    """The characters of a text that a terminal would obey or that hide others."""
    return [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize("width", [40, 60, 120])
@pytest.mark.parametrize("index", range(len(samples.hostile())))
def test_hostile_text_is_shown_and_not_obeyed(index: int, width: int) -> None:
    result = samples.hostile()[index]
    text = render(result, View(width=width, verbose=True, now=samples.NOON))
    assert obeyed(text) == []
    joined = re.sub(r"\s+", "", text)
    if width == 120:
        assert "[red]x[/red][link=file:///etc/passwd]y[/link]:bomb:\\x1b[2J" in joined
        assert "\\x9b31m\\r\\u202eabc\\u2028\\x00\\ud800" in joined


@pytest.mark.parametrize("index", range(len(samples.hostile())))
def test_hostile_text_brings_no_escape_of_its_own_into_colours(index: int) -> None:
    text = render(samples.hostile()[index], View(width=100, color=True, now=samples.NOON))
    ours = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert obeyed(ours) == []
    assert "\x1b[2J" not in text


def test_colour_is_only_there_when_it_is_wanted() -> None:
    assert "\x1b" not in render(samples.applied(), View())
    assert "\x1b[32mdone\x1b[0m" in render(samples.applied(), View(color=True))


def test_a_long_statement_is_cut_unless_all_is_wanted() -> None:
    planned = samples.plan()
    sql = "\n".join(f"INSERT INTO t VALUES ({n});" for n in range(50))
    listing = planned.targets[0].revisions[0]
    statement = type(samples.ADD)(1, sql, None)
    listing = type(listing)(listing.revision, "upgrade", (statement,))
    target = type(planned.targets[0])(samples.TARGET, ("x",), (listing,), {})
    result = type(planned)(0, (target,))
    assert "... 39 more lines (-v shows them)" in render(result, View())
    assert "VALUES (49)" not in render(result, View())
    assert "VALUES (49)" in render(result, View(verbose=True))


@pytest.mark.parametrize("command", sorted(RESULTS))
def test_a_command_that_failed_early_has_a_view(command: str) -> None:
    failure = Failure.of(UnreachableError("no server at db:5432"))
    result = empty_result(command, 9, failure)
    assert type(result) is RESULTS[command]
    assert result.exit == 9
    assert render(result, View()) == ""  # "no runs yet" would be a guess


def test_a_failure_is_message_detail_hint() -> None:
    failure = Failure("BackupError", "pg_dump failed\n\x1b[2J", "Try again.", "line 1\n\n\tline 2\x00")
    assert render_failure(failure) == (
        "error: pg_dump failed\n  \\x1b[2J\n  line 1\n\n      line 2\\x00\nhint: Try again.\n"
    )
    assert render_failure(failure, color=True).startswith("\x1b[31merror:\x1b[0m pg_dump failed\n")


def test_every_outcome_is_told_in_words() -> None:
    texts: dict[str, str] = {}
    for outcome in ("done", "nothing", "failed", "interrupted", "dirty", "unfinished"):
        applied = samples.applied().targets[0]
        target = type(applied)(samples.TARGET, None, outcome, ("a",), ("b",), None, ())
        result: Result = type(samples.applied())(0, "upgrade", (target,), (), {})
        texts[outcome] = render(result, View()).splitlines()[0]
    assert texts == {
        "done": "shop: done, 0 revisions applied, at b",
        "nothing": "shop: nothing to do, at b",
        "failed": "shop: failed; at b",
        "interrupted": "shop: interrupted; at b",
        "dirty": "shop: dirty: part of a revision stands; the target is at b",
        "unfinished": "shop: unfinished; at b",
    }


@given(st.text())
def test_cleaned_text_is_never_obeyed_and_ordinary_text_is_kept(text: str) -> None:
    assert obeyed(wording.clean(text)) == []
    assert obeyed("".join(wording.clean_lines(text))) == []
    if text.isprintable():
        assert wording.clean(text) == text


@given(st.floats(0, 1e9))
def test_a_duration_is_never_rounded_to_an_odd_unit(seconds: float) -> None:
    text = wording.duration(seconds)
    assert re.fullmatch(
        r"0\.\d ms|1\.0 ms|\d{1,3} ms|[1-5]?\d\.\d s|"
        r"[1-5]?\d min [1-5]?\d s|\d\d? h [1-5]?\d min|\d+ d \d\d? h",
        text,
    )
