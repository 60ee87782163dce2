"""The states that a target can be in: name, what `status` exits with, and what it means in one line. Pure."""

from __future__ import annotations

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """`exit` is that of `status`; `meaning` a sentence for people."""

    name: str
    exit: int
    meaning: str

    @property
    def page(self) -> str:
        """Its page in the documentation."""
        return f"docs/states/{self.name.replace(' ', '-')}.md"


_ALL = (
    State("at heads", 0, "Everything in this checkout is applied."),
    State("behind", 0, "Revisions of this checkout are pending, and nothing stands in their way."),
    State("at base", 0, "Nothing is applied yet."),
    State("set back", 0, "The database was at later revisions before, and something else took it back."),
    State("running", 0, "A run holds the deploy lock and is at work."),
    State(
        "interrupted but clean",
        5,
        "The last run was killed, and nothing of an unfinished revision took effect.",
    ),
    State("half applied", 6, "Part of a revision is committed, and its version row is not."),
    State("outcome unknown", 6, "What became of a revision cannot be told from what is at hand."),
    State("orphan session", 6, "A session of a run whose process is dead is still open on the server."),
    State("invalid index", 6, "An index is marked INVALID: it is maintained, and no query uses it."),
    State("unfinished detach", 6, "A partition is half detached; a second attempt must finish it."),
    State("left-over table", 6, "A copy that alembic's batch mode was filling was left behind."),
    State("overlapping rows", 6, "The version table names a revision and an ancestor of it."),
    State("stamp lost", 6, "What the next revision makes is there, and its version row is not."),
    State("stamped but never run", 6, "The version rows name a revision that was not run, or not here."),
    State(
        "changed by hand", 6, "What the history made is gone from the schema, and no revision took it away."
    ),
    State("never stamped", 8, "The tables are there, and no version row says at which revision."),
    State(
        "version table elsewhere",
        8,
        "The version table that env.py names is empty, and another one has rows.",
    ),
    State("newer than the code", 8, "The database is at a revision that was made after this checkout."),
    State("newer journal", 8, "The journal was written by a newer alembic-safe than this one."),
    State("orphan revision", 8, "The version table names a revision that this checkout has no file for."),
    State("stand-in", 2, "The database is one of ours that stands in for another: a scratch, a copy."),
    State("no way to the heads", 2, "From the version rows no way leads to this checkout's heads."),
)
STATES: dict[str, State] = {state.name: state for state in _ALL}
WELL = frozenset(state.name for state in _ALL if state.exit == 0)
