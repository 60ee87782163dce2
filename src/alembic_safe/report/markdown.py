"""`check` as Markdown for a comment on a pull request, in which nothing of the project's text takes effect. Pure.

What is not ours stands in code, or with every character that Markdown, HTML or GitHub gives a meaning taken out
of reach: as an entity, and behind `@` and `#` a zero-width space, since mentions are looked for after rendering.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from alembic_safe.model.results import CheckResult, ReportedFinding
from alembic_safe.report.located import relative, sentence
from alembic_safe.report.wording import clean, clean_lines, count

# GitHub takes 65,536 characters in a comment
_LONGEST = 60_000
_NEUTRAL = re.compile(r"[^\w\s,.;()'-]|_")


def render(result: CheckResult) -> str:
    """The comment, cut where it would be too long for one."""
    counting = [found for found in result.findings if found.allowed is None]
    parts = [_heading(result, counting)]
    if result.error is not None:
        parts.append(f"**The check could not be made:** {_text(result.error.message)}\n")
    length = sum(map(len, parts))
    for number, found in enumerate(counting):
        part = "\n".join(_finding(found, result.root)) + "\n"
        length += len(part)
        if length > _LONGEST:
            left = count(len(counting) - number, "further finding")
            parts.append(f"... and {left}: see `alembic-safe check` itself.\n")
            break
        parts.append(part)
    parts += [_allowed(result)] if len(counting) < len(result.findings) else []
    parts += [f"> {_text(text)}\n" for text in result.notices[:20]]
    return "\n".join(parts)


def _heading(result: CheckResult, counting: list[ReportedFinding]) -> str:
    numbers = Counter(found.severity for found in counting)
    said = [count(numbers[name], name) for name in ("error", "warning", "note") if numbers[name]]
    stopped = any(found.stops for found in counting)
    verdict = "refused" if stopped or result.error is not None else "passed"
    known = f"; {result.known} known to the baseline" if result.known else ""
    judged = f"{count(len(result.revisions), 'revision')} for PostgreSQL {result.server_version}"
    return f"### alembic-safe check: {verdict}\n\n{judged}: {', '.join(said) or 'nothing found'}{known}\n"


def _finding(found: ReportedFinding, root: str) -> Iterator[str]:
    yield f"#### {found.severity}: {_code(found.rule)}\n"
    if found.file is not None:
        place = relative(found.file, root) + (f":{found.line}" if found.line is not None else "")
        yield _code(place) + (f", revision {_code(found.revision)}" if found.revision else "") + "\n"
    yield _text(sentence(found)) + "\n"
    if found.excerpt is not None:
        lines = [
            f"{'>' if number == found.line else ' '} {number:>4} | {clean(text.expandtabs(4))}"
            for number, text in enumerate(found.excerpt.lines, found.excerpt.first)
        ]
        yield _block("\n".join(lines), "text")
    if found.recipe:
        yield "Write instead:\n"
        yield _block("\n".join(clean_lines(found.recipe)), "python")


def _allowed(result: CheckResult) -> str:
    rows = [
        f"- {_code(found.rule)} in {_code(found.revision or 'the plan')}: {_text(found.allowed)}"
        for found in result.findings
        if found.allowed is not None
    ]
    return "Allowed:\n\n" + "\n".join(rows[:50]) + "\n"


def _text(text: str) -> str:
    plain = _NEUTRAL.sub(_entity, clean(" ".join(text.split())))
    return re.sub(r"(?i)www\.", lambda match: match[0][:3] + "&#46;", plain)


def _entity(match: re.Match[str]) -> str:
    character = match[0]
    return f"&#{ord(character)};" + ("&#8203;" if character in "@#" else "")


def _code(text: str) -> str:
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
