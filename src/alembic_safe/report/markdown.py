"""`check` and `plan` as Markdown for a comment on a pull request, in which no text of the project takes effect. Pure.

What is not ours stands in code, or with every character that Markdown, HTML or GitHub gives a meaning taken out
of reach: as an entity, and behind `@` and `#` a zero-width space, since mentions are looked for after rendering.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from alembic_safe.model.results import CheckResult, PlanResult, ReportedFinding
from alembic_safe.report.located import relative, sentence
from alembic_safe.report.wording import clean, clean_lines, count

# GitHub takes 65,536 characters in a comment
_LONGEST = 60_000
_NEUTRAL = re.compile(r"[^\w\s,.;()'-]|_")


def render(result: CheckResult | PlanResult) -> str:
    """The comment, cut where it would be too long for one."""
    if isinstance(result, PlanResult):
        from alembic_safe.report.markdown_plan import planned

        return planned(result)
    counting = [found for found in result.findings if found.allowed is None]
    parts = [_heading(result, counting)]
    if result.error is not None:
        parts.append(f"**The check could not be made:** {text_of(result.error.message)}\n")
    parts += findings(counting, result.root, sum(map(len, parts)), "check")
    parts += [allowed(result.findings)] if len(counting) < len(result.findings) else []
    parts += [f"> {text_of(text)}\n" for text in result.notices[:20]]
    return "\n".join(parts)


def findings(counting: Sequence[ReportedFinding], root: str, length: int, command: str) -> Iterator[str]:
    """The findings, as many as a comment has room for beside the `length` characters that it has already."""
    for number, found in enumerate(counting):
        part = "\n".join(finding(found, root)) + "\n"
        length += len(part)
        if length > _LONGEST:
            left = count(len(counting) - number, "further finding")
            yield f"... and {left}: see `alembic-safe {command}` itself.\n"
            return
        yield part


def _heading(result: CheckResult, counting: list[ReportedFinding]) -> str:
    numbers = Counter(found.severity for found in counting)
    said = [count(numbers[name], name) for name in ("error", "warning", "note") if numbers[name]]
    stopped = any(found.stops for found in counting)
    verdict = "refused" if stopped or result.error is not None else "passed"
    known = f"; {result.known} known to the baseline" if result.known else ""
    judged = f"{count(len(result.revisions), 'revision')} for PostgreSQL {result.server_version}"
    return f"### alembic-safe check: {verdict}\n\n{judged}: {', '.join(said) or 'nothing found'}{known}\n"


def finding(found: ReportedFinding, root: str) -> Iterator[str]:
    """One finding, part by part."""
    yield f"#### {found.severity}: {code_of(found.rule)}\n"
    if found.file is not None:
        place = relative(found.file, root) + (f":{found.line}" if found.line is not None else "")
        yield code_of(place) + (f", revision {code_of(found.revision)}" if found.revision else "") + "\n"
    yield text_of(sentence(found)) + "\n"
    if found.excerpt is not None:
        lines = [
            f"{'>' if number == found.line else ' '} {number:>4} | {clean(text.expandtabs(4))}"
            for number, text in enumerate(found.excerpt.lines, found.excerpt.first)
        ]
        yield _block("\n".join(lines), "text")
    if found.recipe:
        yield "Write instead:\n"
        yield _block("\n".join(clean_lines(found.recipe)), "python")


def allowed(found: Sequence[ReportedFinding]) -> str:
    """What a person let pass."""
    rows = [
        f"- {code_of(one.rule)} in {code_of(one.revision or 'the plan')}: {text_of(one.allowed)}"
        for one in found
        if one.allowed is not None
    ]
    return "Allowed:\n\n" + "\n".join(rows[:50]) + "\n"


def text_of(text: str) -> str:
    """Somebody's text as text, with nothing in it that takes effect."""
    plain = _NEUTRAL.sub(_entity, clean(" ".join(text.split())))
    return re.sub(r"(?i)www\.", lambda match: match[0][:3] + "&#46;", plain)


def _entity(match: re.Match[str]) -> str:
    character = match[0]
    return f"&#{ord(character)};" + ("&#8203;" if character in "@#" else "")


def code_of(text: str) -> str:
    """A span of code; longer fences than any in the text."""
    harmless = clean(" ".join(text.split())) or " "
    fence = _fence(harmless, 1)
    blank = " " if harmless.startswith("`") or harmless.endswith("`") else ""
    return f"{fence}{blank}{harmless}{blank}{fence}"


def _block(text: str, language: str) -> str:
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _fence(text: str, least: int) -> str:
    runs = [len(run) for run in re.findall(r"`+", text)]
    return "`" * max(least, max(runs, default=0) + 1)
