"""Reads what is true of one target: version rows, journal, sessions, what is left over. Writes nothing.

A role that may only read can do all of it; what such a role is not shown is said in `unseen`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.databases import (
    find,
    invalid_indexes,
    left_objects,
    missing_relations,
    run_sessions,
    stands_in,
    unvalidated,
    working_sessions,
)
from alembic_safe.journal import JournalReader, transaction_outcome
from alembic_safe.model.facts import Name
from alembic_safe.model.live import Mapped
from alembic_safe.model.protocols import Database
from alembic_safe.model.recovery import (
    BackedUp,
    Evidence,
    HalfRevision,
    LeftObject,
    OrphanSession,
    OtherVersionTable,
    Overlap,
)
from alembic_safe.model.revisions import Revision, RevisionListing
from alembic_safe.model.runs import RunHistory, StepOutcome, StepRecord, application_name
from alembic_safe.model.targets import Dialect, Target
from alembic_safe.quick import dataclass
from alembic_safe.recovery.begun import begun_elsewhere, number_at_work
from alembic_safe.recovery.gone import tables_made
from alembic_safe.recovery.half import FileNow, Part, Seen, half_of, keys_of
from alembic_safe.recovery.lost import lost_revisions
from alembic_safe.rules import read_marks

# what became of a step whose end was not written
Settle = Callable[[RunHistory, StepRecord], StepOutcome]


_OPEN = ("unfinished", "dirty")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the project said of the target, and who holds its deploy lock."""

    target: Target
    graph: GraphRead
    pending: tuple[str, ...]
    unknown: tuple[str, ...]
    fault: str | None
    mapped: Mapped | None
    holder: str | None
    # what would be applied next, with its statements; None where they were not asked for
    next: RevisionListing | None = None
    # for how long (s) the lease that stands for the lock was not renewed; None where a session holds it
    quiet: float | None = None
    # why the journal cannot be read: a newer tool's
    journal_fault: str = ""
    # what the newest backup of this database in the store was made at
    backed_up: BackedUp | None = None


def gather(database: Database, journal: JournalReader | None, asked: Asked, settle: Settle) -> Evidence:
    """Everything that a diagnosis rests on. Raises `UnreachableError`; changes nothing."""
    target = asked.target
    heads = database.read_heads(target.version_table)
    last = journal.last_run(str(target.version_table)) if journal is not None else None
    dead = last is not None and last.run.outcome == "unfinished" and not asked.holder
    half, outcome = _half(database, journal, asked, last, settle)
    if half is not None and half.direction == "upgrade" and half.revision in asked.graph.reached(heads or ()):
        half = replace(half, no_undo="the version rows have it as applied whole")
    if half is None and not asked.holder and outcome not in ("partial", "unknown"):
        half = _begun_elsewhere(database, asked)
    elsewhere = half is not None and not half.run
    mapped = _mapped_tables(asked.mapped)
    here = len(mapped) - len(missing_relations(database, mapped, target.search_path))
    return Evidence(
        heads=heads,
        code_heads=asked.graph.heads,
        pending=asked.pending,
        lock_holder=asked.holder,
        lease_quiet=asked.quiet if asked.holder else None,
        last_run=last,
        dead=dead,
        half=half,
        outcome=outcome,
        sessions=_orphans(database, last) if not asked.holder else (),
        left=_left(database, application_name(last.run.id) if last is not None else ""),
        unvalidated=unvalidated(database),
        overlaps=_overlaps(asked.graph, heads or ()),
        elsewhere=_elsewhere(database, asked),
        lost=lost_revisions(journal, str(target.version_table), asked.unknown, asked.graph),
        no_way=asked.fault,
        mapped=len(mapped),
        mapped_here=here,
        backup=_newest(asked) if elsewhere else _backup(journal, last),
        at_work=_at_work(database, asked) if elsewhere else (),
        gone=_gone(database, journal, asked, heads or ()) if half is None and not asked.holder else (),
        unseen=_unseen(database),
        began=last.run.began if last is not None else None,
        moved_from=_moved_from(last, heads),
        above=_above(asked, heads or (), last),
        journal_fault=asked.journal_fault,
        stands_in=stands_in(database),
    )


def _half(
    database: Database,
    journal: JournalReader | None,
    asked: Asked,
    last: RunHistory | None,
    settle: Settle,
) -> tuple[HalfRevision | None, str | None]:
    """The revision that the last run did not end, if it did not, and what became of it as a whole."""
    if last is None or journal is None or (last.run.outcome == "unfinished" and asked.holder):
        return None, None
    parts: list[Part] = []
    outcome: str | None = None
    for history in _chain(journal, last):
        step = history.steps[-1] if history.steps else None
        if step is None or step.outcome == "committed":
            continue  # a step before the last is committed: that was read before the next began
        if step.outcome == "rolled_back" and history.run.outcome not in _OPEN:
            continue  # the run failed or was stopped, saw it rolled back, and said so: nothing is left to settle
        outcome = settle(history, step) if step.outcome == "unfinished" else step.outcome
        if outcome == "committed":
            return None, outcome
        if outcome != "rolled_back":
            parts.append(_part(database, history, step))
    if not parts:
        return None, outcome
    return half_of(parts, *_about(database, asked, parts)), outcome


def _chain(journal: JournalReader, last: RunHistory) -> list[RunHistory]:
    """The run that left something, and those that were to recover it and did not come to their end; oldest first."""
    chain = [last]
    while (before := chain[0].run.recovers) is not None and before not in {one.run.id for one in chain}:
        found = journal.runs(1, run=before)
        if not found or found[0].run.target != last.run.target:
            break  # named by a version that wrote it into the runs of other targets too
        chain.insert(0, found[0])
    return chain


def _backup(journal: JournalReader | None, last: RunHistory | None) -> str | None:
    """The backup that was made before anything of what is unfinished began."""
    if journal is None or last is None:
        return None
    return _chain(journal, last)[0].run.backup


def _part(database: Database, history: RunHistory, step: StepRecord) -> Part:
    records = sorted((s for s in history.statements if s.step == step.ordinal), key=lambda one: one.ordinal)
    return Part(step, tuple(records), transaction_outcome(database, history.run, step.transaction))


def _about(database: Database, asked: Asked, parts: list[Part]) -> tuple[Seen, FileNow, Dialect]:
    """What the schema shows of the statements, and the revision's file as it is now."""
    step, dialect = parts[-1].step, asked.target.dialect
    path = asked.target.search_path or ("public",)
    texts = [record.sql for part in parts for record in part.records]
    seen = {key: find(database, *key, path) for key in keys_of(texts, dialect)}
    revision = next((one for one in asked.graph.revisions if one.id == step.revision), None)
    text, checksum = _file(revision)
    now = FileNow(
        revision.path if revision is not None else "",
        checksum,
        read_marks(text).rerunnable,
        _destination(step, revision),
    )
    return seen, now, dialect


def _begun_elsewhere(database: Database, asked: Asked) -> HalfRevision | None:
    """What stands of the revision that would be applied next."""
    listing = asked.next
    if listing is None or not asked.pending or listing.revision.id != asked.pending[0]:
        return None
    dialect, path = asked.target.dialect, asked.target.search_path or ("public",)
    masked = [mask_sql(one.sql) for one in listing.statements]
    seen = {key: find(database, *key, path) for key in keys_of(masked, dialect)}
    text, _ = _file(listing.revision)
    return begun_elsewhere(listing, masked, seen, dialect, rerunnable=read_marks(text).rerunnable)


def _at_work(database: Database, asked: Asked) -> tuple[OrphanSession, ...]:
    """Who executes a statement of the next revision now: raw alembic, or what it left when it was killed."""
    statements = [one.sql for one in asked.next.statements] if asked.next is not None else []
    found = []
    for session, name, _, text, seconds in working_sessions(database):
        number = number_at_work(text, statements)
        if number is not None:
            found.append(OrphanSession(session, "", name, mask_sql(statements[number - 1]), seconds, number))
    return tuple(found)


def _gone(
    database: Database, journal: JournalReader | None, asked: Asked, heads: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Tables that revisions made which the rows have as applied, and that are not there."""
    if journal is None or not heads:
        return ()
    target = asked.target
    made = tables_made(
        journal.definitions(str(target.version_table)), asked.graph.reached(heads), target.dialect
    )
    gone = missing_relations(database, made.keys(), target.search_path)
    return tuple((str(name), revision) for name, revision in made.items() if name in gone)


def _newest(asked: Asked) -> str | None:
    """The newest backup of this database in the store, whenever it was made."""
    return asked.backed_up.backup if asked.backed_up is not None else None


def _moved_from(last: RunHistory | None, heads: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The version rows that the last run left, where they are others by now: something else changed them."""
    if last is None or last.run.outcome in _OPEN or last.run.heads_after is None:
        return None
    return last.run.heads_after if set(last.run.heads_after) != set(heads or ()) else None


def _above(asked: Asked, heads: tuple[str, ...], last: RunHistory | None) -> BackedUp | None:
    """The newest backup, if it was made when the database was above where it is, and no run of ours took it back."""
    made = asked.backed_up
    if made is None or (last is not None and last.run.began > made.at):
        return None
    above = set(made.heads) - set(heads)
    return made if above and above <= set(asked.pending) else None


def _destination(step: StepRecord, revision: Revision | None) -> str:
    """What a run is told to finish this step and no other; "" where that cannot be said."""
    if revision is None:
        return ""
    if step.direction == "upgrade":
        return step.revision
    return "" if len(revision.down) > 1 else (revision.down[0] if revision.down else "base")


def _file(revision: Revision | None) -> tuple[str, str]:
    """The text of a revision's file as it is now, and its sha256."""
    try:
        data = Path(revision.path).read_bytes() if revision is not None else b""
    except OSError:
        data = b""
    return data.decode("utf-8", "replace"), hashlib.sha256(data).hexdigest() if data else ""


def _orphans(database: Database, last: RunHistory | None) -> tuple[OrphanSession, ...]:
    """Sessions of the last run; nobody holds the lock, so that its process is dead."""
    if last is None:
        return ()
    found = run_sessions(database, [application_name(last.run.id)])
    return tuple(
        OrphanSession(session, last.run.id, state, mask_sql(" ".join(text.split()))[:200], seconds)
        for session, _, state, text, seconds in found
    )


def _left(database: Database, own: str) -> tuple[LeftObject, ...]:
    """What is left over; what other sessions than those named `own` may be building is busy."""
    left = [
        LeftObject(
            "reindex left-over"
            if index.plain.rstrip("0123456789").endswith(("_ccnew", "_ccold"))
            else "invalid index",
            index.name,
            (f"DROP INDEX CONCURRENTLY {index.name}",),
            index.busy,
        )
        for index in invalid_indexes(database, own)
    ]
    for one in left_objects(database):
        if one.kind == "detach":
            sql = f"ALTER TABLE {one.name} DETACH PARTITION {one.other} FINALIZE"
            left.append(LeftObject("unfinished detach", str(one.other), (sql,)))
        elif one.other is not None:
            left.append(LeftObject("batch table", one.name, (f"DROP TABLE {one.name}",)))
        else:
            loses = "it holds the rows: the table that it was made from is gone"
            left.append(LeftObject("batch table", one.name, (), loses=loses))
    return tuple(left)


def _overlaps(graph: GraphRead, rows: tuple[str, ...]) -> tuple[Overlap, ...]:
    """Version rows that are below another one."""
    by_id: Mapping[str, Revision] = {revision.id: revision for revision in graph.revisions}
    found = []
    for row in rows:
        seen: set[str] = set()
        todo = list(by_id[row].down) if row in by_id else []
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += by_id[one].down if one in by_id else ()
        found += [Overlap(other, row) for other in rows if other in seen]
    return tuple(dict.fromkeys(found))


def _elsewhere(database: Database, asked: Asked) -> tuple[OtherVersionTable, ...]:
    """Other tables like alembic's whose rows this checkout knows."""
    own, path = asked.target.version_table, asked.target.search_path or ("public",)
    schema = own.schema or (path[0] if asked.target.dialect == "postgresql" else None)
    known = {revision.id for revision in asked.graph.revisions}
    found = []
    for table, rows in database.version_tables().items():
        mine = (table.name, table.schema) == (own.name, schema)
        if not mine and (here := tuple(row for row in rows if row in known)):
            found.append(OtherVersionTable(str(table), rows, here))
    return tuple(found)


def _mapped_tables(mapped: Mapped | None) -> tuple[Name, ...]:
    return tuple(sorted(mapped or {}, key=str))


_SEES = """SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
 OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"""


def _unseen(database: Database) -> tuple[str, ...]:
    if database.facts.dialect != "postgresql" or database.fetch(_SEES)[0][0]:
        return ()
    return ("sessions of other roles: GRANT pg_read_all_stats to this role to see what they do",)
