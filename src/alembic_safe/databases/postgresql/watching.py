"""The guard's eyes and hands on PostgreSQL: implements `model.protocols.Watcher`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.others import other
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.model.guarding import CutKind, Look, Other, OurSession, Waiter, Work
from alembic_safe.model.targets import Session

# a look that takes longer says nothing any more; the guard's own session must not hang in the server
_SETTINGS = "SET statement_timeout = '5s'; SET jit = off; SET search_path = pg_catalog"


class PostgresWatcher:
    """One session of its own, which reads the server's own views and sends signals. Sees what its role may see."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        if not database.facts.pooler:  # there they would stay on a session that the application is given next
            database.execute(_SETTINGS)

    def look(self, application_name: str, known: Collection[Session]) -> Look:
        """One round trip; who waits for us comes from pg_locks and pg_blocking_pids, which any role may read."""
        rows = self._database.fetch(
            query("watch"),
            {"name": application_name, "known": [f"{one.pid} {one.began}" for one in known]},
            often=True,  # to plan it takes five times as long as to run it
        )
        ours, waiters, hidden = [], [], 0
        for kind, pid, began, transaction, age, state, waited, waits_for, blockers in rows:
            if kind == "w":
                waiters.append(Waiter(pid, max(0.0, waited), waits_for, tuple(blockers)))
            elif began is None:
                hidden += 1
            else:
                ours.append(
                    OurSession(
                        Session(pid, began), transaction, age, state, waited, waits_for, tuple(blockers)
                    )
                )
        return Look(tuple(ours), tuple(waiters), hidden)

    def describe(self, pids: Sequence[int], ours: Collection[int]) -> tuple[Other, ...]:
        """Who they are, the oldest transaction first; `ours` are the pids of the run's own sessions."""
        rows = self._database.fetch(query("describe_sessions"), [list(dict.fromkeys(pids))])
        found = [other(row, ours) for row in rows]
        return (*found, *(Other(0, state="prepared") for _ in {pid for pid in pids if not pid}))

    def cut(self, kind: CutKind, session: Session, transaction: str) -> bool:
        """Whether the signal was sent: the session and its transaction were still those."""
        text = query("cut_cancel") if kind == "cancel" else query("cut_terminate")
        rows = self._database.fetch(text, [session.pid, session.began, transaction])
        return bool(rows and rows[0][0])

    def end(self, sessions: Sequence[Session]) -> None:
        """End them, whatever they do."""
        self._database.terminate(sessions)

    def work(self, pids: Sequence[int]) -> Work | None:
        """What the server reports of a long command of one of these sessions."""
        rows = self._database.fetch(query("progress"), {"pids": list(pids)})
        if not rows:
            return None
        command, phase, done, total = rows[0]
        return Work(str(command), str(phase), int(done), int(total))

    def close(self) -> None:
        """Close the session."""
        self._database.close()
