"""What a worker saw from inside its session while a statement ran on a clone: the raw material of observed facts."""

from __future__ import annotations

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class SeenRelation:
    """A relation as the session saw it after a statement. `oid` is the server's, which a rename leaves alone.

    `name` is as search_path spells it, "" where it is gone by now; `kind` is pg_class.relkind ("" then). `modes` are
    the locks that the session holds on it ("AccessExclusiveLock"). `node` is its file (0: none). `scans` and `rows`
    count sequential scans of it, and rows inserted, updated and deleted in it, since the statement before, `pages`
    those of its file that were asked for (8 kB each), `read` those of them that were not among the server's buffers.
    """

    oid: int
    name: str
    kind: str
    modes: tuple[str, ...]
    node: int
    scans: int = 0
    rows: int = 0
    pages: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """One statement from inside. `began` and `ended` are seconds since the step began, of the worker's clock.

    `transaction` is the xid8 it ran in ("" where it committed by itself). `probing` is how long we looked after it,
    during which its locks were held too. `wal` are bytes of the server's log. `said` are the server's messages, each
    with its severity before it ("NOTICE: drop cascades to view v"). `ordinal` 0: how things stood as the step began.
    `looked` False: after an error, when a session answers nothing, so that no relations say nothing.
    `beside`: it went over another connection than alembic's, which ends its transactions when it likes; `transaction`
    tells when the one that it ran in began, for an id it may not have.
    """

    ordinal: int
    transaction: str
    began: float
    ended: float
    probing: float
    relations: tuple[SeenRelation, ...]
    wal: int = 0
    said: tuple[str, ...] = ()
    looked: bool = True
    beside: bool = False
