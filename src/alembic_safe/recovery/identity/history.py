"""The states that a history goes through: what is there before its first revision and after each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from alembic_safe.model.identity import Heads, Part, SchemaParts
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """A schema of the history under the version rows it stands for. `digest` (hex) is that of its whole text."""

    heads: Heads
    schema: SchemaParts
    digest: str


@dataclass(frozen=True, slots=True)
class History:
    """States, oldest first. `server` is where they were replayed; `fault` says why the replay ended too early.

    `texts` are the states' schemas as the server wrote them, by digest.
    """

    states: tuple[State, ...]
    server: str
    fault: str = ""
    notes: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def known(self) -> frozenset[str]:
        """All objects that any state has: whatever else a database holds is not of this history."""
        return frozenset(part.top for state in self.states for part in state.schema.parts)


def own(states: tuple[State, ...]) -> tuple[State, ...]:
    """The states without what stood there before and no revision touched: another target's, or env.py's own."""
    if not states:
        return ()
    before = states[0].schema.parts
    touched = set().union(*(_touched(before, state.schema.parts) for state in states))
    return tuple(replace(state, schema=only(state.schema, touched)) for state in states)


def only(schema: SchemaParts, tops: set[str] | frozenset[str]) -> SchemaParts:
    """What of a schema belongs to these objects."""
    return SchemaParts(
        {part: text for part, text in schema.parts.items() if part.top in tops},
        {table: columns for table, columns in schema.order.items() if table in tops},
        {part: name for part, name in schema.names.items() if part.top in tops},
    )


def _touched(before: Mapping[Part, str], after: Mapping[Part, str]) -> set[str]:
    changed = {part.top for part, text in after.items() if before.get(part) != text}
    return changed | {part.top for part in before if part not in after}
