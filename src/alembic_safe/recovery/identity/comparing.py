"""Two schemas compared part by part; the order of columns and the names of constraints told apart. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from alembic_safe.model.identity import Compared, Difference, Part, SchemaParts
from alembic_safe.recovery.identity.statements import whole_table
from alembic_safe.recovery.identity.tables import without_default

Sql = Callable[[Part, str | None, str | None], tuple[str, ...]]
# kinds whose definition holds no expression, so that a dump and restore leaves it as it is
_EXPRESSIONS = ("CHECK", "EXCLUDE")
_LITERAL = frozenset({"type", "sequence", "extension", "schema", "comment on column", "comment on"})


def compare(expected: SchemaParts, found: SchemaParts, known: Collection[str], sql: Sql) -> Compared:
    """What of `found` is not as in `expected`; `known` are all objects that the history ever makes.

    An object that is there in addition and that no revision makes is another's, and no difference; what was added
    to a table of the history is one.
    """
    renamed = dict(_renamed(expected, found))
    theirs = set(renamed.values())
    differences, beside = [], set()
    for part, text in expected.parts.items():
        now = found.parts.get(part)
        if now != text and part not in renamed:
            differences.append(_difference(part, text, now, sql))
    for part, text in found.parts.items():
        if part in expected.parts or part in theirs:
            continue
        if part.top in known:
            differences.append(_difference(part, None, text, sql))
        else:
            beside.add(part.top)
    differences.sort(key=lambda one: (one.of or one.name, one.of != "", one.kind, one.name))
    return Compared(
        tuple(_whole(differences)),
        tuple(_reordered(expected, found)),
        tuple(_names(expected, found, renamed)),
        tuple(sorted(beside)),
    )


def distance(expected: SchemaParts, found: SchemaParts, known: Collection[str]) -> int:
    """How many parts differ; as `compare` counts, without looking for other names."""
    missing = sum(found.parts.get(part) != text for part, text in expected.parts.items())
    return missing + sum(part not in expected.parts and part.top in known for part in found.parts)


def frame(schema: SchemaParts, known: Collection[str]) -> frozenset[tuple[object, ...]]:
    """What two schemas share if they are equal after a dump and restore, however their expressions are written now.

    Of constraints that is how many of which words a table has, whatever they are called.
    """
    shared: set[tuple[object, ...]] = set()
    constraints: Counter[tuple[str, str]] = Counter()
    for part, text in schema.parts.items():
        if part.top not in known:
            continue
        if part.kind == "constraint":
            constraints[part.of, text.split()[0] if text.startswith(_EXPRESSIONS) else text] += 1
        elif part.kind == "column":
            shared.add((part, without_default(text)))
        else:
            shared.add((part, text if part.kind in _LITERAL or _verbatim(part, text) else ""))
    return frozenset(shared | set(constraints.items()))


def _verbatim(part: Part, text: str) -> bool:
    """A routine whose body the server keeps as it was given, without defaults of arguments."""
    head, body, _ = text.partition(" AS $")
    return part.kind in ("function", "procedure") and bool(body) and " DEFAULT " not in head


def _difference(part: Part, expected: str | None, found: str | None, sql: Sql) -> Difference:
    return Difference(part.kind, part.name, part.of, expected, found, sql(part, expected, found))


def _whole(differences: Sequence[Difference]) -> Iterator[Difference]:
    """A table that is missing, or there in addition, as one difference with all that belongs to it."""
    tables = {one.name: one for one in differences if one.kind == "table" and one.what != "changed"}
    for one in differences:
        if one.of in tables:
            continue
        table = tables.get(one.name) if one.kind == "table" else None
        yield one if table is None else whole_table(table, [d for d in differences if d.of == table.name])


def _renamed(expected: SchemaParts, found: SchemaParts) -> Iterator[tuple[Part, Part]]:
    """Constraints that are there under another name: the same words on the same table."""
    spare: dict[tuple[str, str], list[Part]] = {}
    for part, text in found.parts.items():
        if part.kind == "constraint" and part not in expected.parts:
            spare.setdefault((part.of, text), []).append(part)
    for part, text in expected.parts.items():
        if part.kind == "constraint" and part not in found.parts and (same := spare.get((part.of, text))):
            yield part, same.pop(0)


def _names(expected: SchemaParts, found: SchemaParts, renamed: dict[Part, Part]) -> Iterator[str]:
    for part, other in renamed.items():
        yield f"constraint {part.name} of {part.of} is called {other.name}"
    for part in sorted({*expected.names, *found.names}, key=str):
        if (
            part in expected.parts
            and part in found.parts
            and expected.names.get(part) != found.names.get(part)
        ):
            now, then = found.names.get(part) or "nothing of its own", expected.names.get(part) or "nothing"
            yield f"the NOT NULL of {part.of}.{part.name} is called {now}, not {then}"


def _reordered(expected: SchemaParts, found: SchemaParts) -> Iterator[str]:
    for table, columns in expected.order.items():
        now = found.order.get(table)
        if now is not None and set(now) == set(columns) and now != columns:
            yield table
