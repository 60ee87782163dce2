"""Which states of a history a live schema equals, and which is the nearest. Pure but for what it is given to ask.

A schema reads as it was made until it goes once through a dump and restore, which writes its expressions anew. So
two schemas are equal if they read alike as they are, or if they do after that. The round trip is costly, and is asked
for only where it can decide: for states that share with the live schema all that it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alembic_safe.model.identity import Compared, Heads, SchemaParts
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.comparing import Sql, compare, distance, frame
from alembic_safe.recovery.identity.history import History, State

# a schema after its round trip; None where there is none to be had
Loaded = Callable[[], SchemaParts | None]
LoadedState = Callable[[State], SchemaParts | None]
_CANDIDATES = 3


@dataclass(slots=True)
class Matching:
    """A live schema beside a history. `live` is as it reads now."""

    history: History
    live: SchemaParts
    loaded_live: Loaded
    loaded_state: LoadedState
    sql: Sql

    def equal(self) -> tuple[State, ...]:
        """All states with the live schema, oldest first."""
        known = self.history.known
        mine = frame(self.live, known)
        found = []
        for state in self.history.states:
            same = distance(state.schema, self.live, known) == 0
            if same or (frame(state.schema, known) == mine and self.compared(state).equal):
                found.append(state)
        return tuple(found)

    def compared(self, state: State) -> Compared:
        """The differences to a state: as both read now if that is none, else after the round trip."""
        known = self.history.known
        now = compare(state.schema, self.live, known, self.sql)
        if now.equal:
            return now
        live, then = self.loaded_live(), self.loaded_state(state)
        if live is None or then is None:
            return now
        return compare(then, live, known, self.sql)

    def nearest(self, among: Sequence[State]) -> State | None:
        """The state with the fewest differences; of several the newest."""
        known = self.history.known
        live = self.loaded_live() or self.live
        order = {id(state): at for at, state in enumerate(among)}

        def far(state: State) -> tuple[int, int]:
            apart = min(distance(state.schema, one, known) for one in (self.live, live))
            return apart, -order[id(state)]

        best = sorted(among, key=far)[:_CANDIDATES]
        return min(best, key=lambda one: (len(self.compared(one).differences), far(one)), default=None)


def state_of(states: Sequence[State], heads: Heads) -> State | None:
    """The state under these version rows."""
    return next((state for state in states if state.heads == tuple(sorted(heads))), None)
