"""Whether a view made anew gives running code what the former one did: its rows, its columns' values, its rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

Shape = Sequence[tuple[str, str]]
_COMPARED = re.compile(r"(?P<left>[\w.\"]+) (?P<sign>[<>](?: ?=)?) (?P<value>'(?:[^']|'')*'|-? ?\d[\d.]*)")
_LISTED = re.compile(r"(?P<left>[\w.\"]+) (?P<no>not )?in \( (?P<list>[^()]*) \)")
_ONE = re.compile(r"(?P<left>[\w.\"]+) (?P<sign>=|<>|! =) (?P<value>'(?:[^']|'')*'|-? ?\d[\d.]*|true|false)")
_QUALIFIER = re.compile(r'(?<![\w."\'])[\w"]+\.(?=[\w"])')
_TRUE = re.compile(r" (= |is )true$")
_OUTER = re.compile(r"( left (outer )?join \S+ on (?:(?! join ).)*)*")


def fewer_rows(old: Shape, new: Shape, holds: Callable[[str], bool]) -> str:
    """Why it shows fewer rows than before, in words; "" where it does not, or that cannot be told.

    `holds` says of a condition whether every row is known to fulfil it.
    """
    if not old or not new or "query" in dict(old) or "query" in dict(new):
        return ""
    was, now = dict(old), dict(new)
    if was.get("set operation", "") != now.get("set operation", ""):
        return ""  # UNION adds rows; what else changes with it is not followed
    for name in ("distinct", "group by", "having", "limit"):
        if name in now and now[name] != was.get(name):
            return f"its {name.upper()} is new"
    if not _OUTER.fullmatch(now.get("from", "").removeprefix(was.get("from", ""))):
        joined = now.get("from", "").startswith(was.get("from", "") + " ")
        return "rows without a partner in what it joins now are gone" if joined else ""
    added = [c for c in _conditions(new) if not any(_alike(c, each) for each in _conditions(old))]
    removed = [c for c in _conditions(old) if not any(_alike(c, each) for each in _conditions(new))]
    narrower = [c for c in added if not any(_wider(r, c) for r in removed) and not holds(c)]
    return f"rows must now fulfil {' and '.join(narrower)}" if narrower else ""


def other_values(old: Shape, new: Shape) -> Iterator[tuple[str, str, str]]:
    """Columns that hold something else: name, what it was and what it is."""
    was, now = dict(old), dict(new)
    for name in was:
        if name.startswith("gives ") and name in now and not _alike(was[name], now[name]):
            yield name.removeprefix("gives "), was[name], now[name]


def stricter_options(old: Shape, new: Shape) -> Iterator[str]:
    """What an option takes from those who use the view, in words."""
    was, now = dict(old), dict(new)
    if _on(now.get("option security_invoker")) and not _on(was.get("option security_invoker")):
        yield "who may read it but not the tables behind it is refused (42501): security_invoker is new"
    checked = "check option" in was or "option check_option" in was
    if not checked and ("check option" in now or "option check_option" in now):
        yield "writes through it of rows that it does not show are refused (44000): CHECK OPTION is new"


def takes_writes_by_shape(shape: Shape) -> bool:
    """Whether writes went through it by themselves: one table, and nothing that gathers rows."""
    parts = dict(shape)
    gathers = {"distinct", "group by", "having", "limit", "set operation", "query"} & parts.keys()
    return bool(shape) and not gathers and not re.search(r"\bjoin\b|,", parts.get("from", ""))


def _on(value: str | None) -> bool:
    return value is not None and value in ("true", "on", "1", "yes", "t", "")


def _alike(one: str, other: str) -> bool:
    """Whether both say the same, one of them perhaps with its table's name, which a single table needs not."""
    one, other = _TRUE.sub("", one), _TRUE.sub("", other)
    if one == other:
        return True
    plain, bare = _QUALIFIER.sub("", one), _QUALIFIER.sub("", other)
    return plain == bare and (one == plain or other == bare)


def _conditions(shape: Shape) -> list[str]:
    return [value for name, value in shape if name == "where"]


def _wider(old: str, new: str) -> bool:
    """Whether all that fulfils the old condition fulfils the new one."""
    if old in (part.strip() for part in new.split(" or ")):
        return True
    one, other = _COMPARED.fullmatch(old), _COMPARED.fullmatch(new)
    if one and other and one["left"] == other["left"] and one["sign"][0] == other["sign"][0]:
        return _looser(one, other)
    was, now = _values(old), _values(new)
    if was is None or now is None or was[0] != now[0] or was[1] != now[1]:
        return False
    return was[2] >= now[2] if was[1] else was[2] <= now[2]


def _looser(old: re.Match[str], new: re.Match[str]) -> bool:
    before, after = _number(old["value"]), _number(new["value"])
    if before is None or after is None:
        # text of one form: dates and times as ISO writes them
        if len(old["value"]) != len(new["value"]):
            return False
        less, equal = new["value"] < old["value"], new["value"] == old["value"]
    else:
        less, equal = after < before, after == before
    if equal:
        return new["sign"].endswith("=") or not old["sign"].endswith("=")
    return less is (new["sign"][0] == ">")


def _number(value: str) -> float | None:
    try:
        return float(value.replace(" ", ""))
    except ValueError:
        return None


def _values(condition: str) -> tuple[str, bool, frozenset[str]] | None:
    """The column, whether they are shut out, and the values that `=`, `<>`, IN or NOT IN name."""
    one = _ONE.fullmatch(condition)
    if one:
        return one["left"], one["sign"] != "=", frozenset({one["value"]})
    listed = _LISTED.fullmatch(condition)
    if listed:
        values = frozenset(part.strip() for part in listed["list"].split(" , "))
        return listed["left"], bool(listed["no"]), values
    return None
