"""Reads the marks in comments: allowances, the declared phase, re-runnable.

    # alembic-safe: allow <rule>[, <rule>] because <reason>
    # alembic-safe: phase contract
    # alembic-safe: re-runnable

Only real comments count: the source is tokenised, so that a string that looks like a mark is none.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import get_args

from alembic_safe.model.findings import Allowance, DeclaredPhase, MarkFault, Marks
from alembic_safe.quick import dataclass

_MARK = re.compile(r"^[\s#*/-]*alembic-safe\s*:\s*(?P<rest>.*?)\s*(?:\*/)?\s*$", re.IGNORECASE | re.DOTALL)
_ALLOW = re.compile(
    r"^allow\b\s*(?P<rules>.*?)(?:\s*\bbecause\b\s*(?P<reason>.*))?$", re.IGNORECASE | re.DOTALL
)
_PHASES: tuple[str, ...] = get_args(DeclaredPhase)
_BLANK = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment and the lines of code it speaks of."""

    text: str
    line: int
    first: int
    last: int


def read_marks(source_text: str, file: str | None = None) -> Marks:
    """The marks of a revision's source. A source that is no Python has none."""
    try:
        comments = tuple(_comments(source_text))
        functions = tuple(_functions(source_text))
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        return Marks()
    marks = marks_in_comments(comments, file)
    return replace(
        marks,
        upgrade_lines=tuple((a, b) for name, a, b in functions if name.startswith("upgrade")),
        downgrade_lines=tuple((a, b) for name, a, b in functions if name.startswith("downgrade")),
    )


def marks_in_sql(comments: Iterable[str], line: int | None = None) -> Marks:
    """The marks of the comments of one SQL command; they cover that command alone."""
    lines = [_Comment(text, line or 0, 0, 0) for comment in comments for text in comment.splitlines()]
    return marks_in_comments(lines, None)


def marks_in_comments(comments: Iterable[_Comment], file: str | None) -> Marks:
    """Gather what comments say; one that begins like a mark and is none becomes a fault."""
    allowances: list[Allowance] = []
    faults: list[MarkFault] = []
    phase, phase_line, rerunnable = None, None, False
    for comment in comments:
        match = _MARK.match(comment.text)
        if match is None:
            continue
        rest = match["rest"]
        words = rest.lower().split()
        if words[:1] == ["allow"]:
            made, fault = _allow(rest, comment, file)
            allowances += made
            faults += [fault] if fault else []
        elif len(words) == 2 and words[0] == "phase" and words[1] in _PHASES:
            phase, phase_line = next(p for p in get_args(DeclaredPhase) if p == words[1]), comment.line
        elif words in (["re-runnable"], ["rerunnable"]):
            rerunnable = True
        else:
            faults.append(MarkFault(f'"{rest}" is no mark of alembic-safe', comment.line))
    return Marks(tuple(allowances), phase, phase_line, rerunnable, tuple(faults))


def _allow(rest: str, comment: _Comment, file: str | None) -> tuple[list[Allowance], MarkFault | None]:
    match = _ALLOW.match(rest)
    names = [name.strip() for name in match["rules"].split(",")] if match else []
    reason = (match["reason"] or "").strip() if match else ""
    if not any(names):
        return [], MarkFault("an allowance names no rule", comment.line)
    if not reason:
        return [], MarkFault(f"the allowance of {', '.join(names)} gives no reason", comment.line)
    return [
        Allowance(name, reason, file, comment.line, comment.first, comment.last) for name in names if name
    ], None


def _comments(source: str) -> Iterator[_Comment]:
    """Each comment with the logical line it stands in, or for one alone on its line the next one."""
    waiting: list[tuple[str, int]] = []
    inside: list[tuple[str, int]] = []
    begin = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            (inside if begin else waiting).append((token.string, line))
        elif token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            for text, where in (*waiting, *inside):
                yield _Comment(text, where, begin or where, line if begin else where)
            waiting, inside, begin = [], [], 0
        elif token.type not in _BLANK and not begin:
            begin = line
            # only those that stand right above speak of this line
            kept = _adjacent(waiting, line)
            for text, where in waiting[: len(waiting) - len(kept)]:
                yield _Comment(text, where, where, where)
            waiting = kept


def _adjacent(waiting: list[tuple[str, int]], line: int) -> list[tuple[str, int]]:
    kept: list[tuple[str, int]] = []
    for text, where in reversed(waiting):
        if where != line - 1 - len(kept):
            break
        kept.insert(0, (text, where))
    return kept


def _functions(source: str) -> Iterator[tuple[str, int, int]]:
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno or node.lineno
