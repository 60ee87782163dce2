"""What stands of a revision that began and did not end, statement by statement. Pure.

The journal says what committed, the transaction status what an announced commit came to; what neither settles is
looked up in the schema, which has the last word: what is not there is not in effect, whoever took it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from alembic_safe.databases import Found
from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.recovery import HalfRevision, SettledStatement, Standing, StatementNature
from alembic_safe.model.runs import StatementRecord, StepRecord, TransactionOutcome
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.recovery.traces import Trace, Undoing, is_repeatable, traces_of, undoing_of
from alembic_safe.sql.natures import calls_what_may_write, nature_of
from alembic_safe.sql.tongues import tongue

Key = tuple[str, Name, str]
# what was found for each key that was looked for; None: nothing there
Seen = Mapping[Key, Found | None]
_NATURES: tuple[StatementNature, ...] = ("query", "definition", "data")


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement with what its text says: its commands, what they leave, whether all may be repeated."""

    commands: tuple[Reading, ...]
    nature: StatementNature
    traces: tuple[Trace, ...]
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One try at the revision: its step, its statements in order, what became of the transaction journalled last."""

    step: StepRecord
    records: tuple[StatementRecord, ...]
    transaction: TransactionOutcome


@dataclass(frozen=True, slots=True)
class FileNow:
    """The revision's file: where ("" it is gone), its sha256 (hex), what it allows, and how a run is led to it."""

    path: str
    checksum: str
    rerunnable: bool
    destination: str


def half_of(parts: Sequence[Part], seen: Seen, now: FileNow, dialect: Dialect) -> HalfRevision:
    """What stands of a revision after one try, and those that were to finish it."""
    step = parts[-1].step
    settled = [
        one for part in parts for one in settle_statements(part.records, part.transaction, seen, dialect)
    ]
    if len(parts) > 1:  # what a later try left out does not count twice
        settled = [replace(one, ordinal=number) for number, one in enumerate(settled, start=1)]
    undo, no_undo = undo_of(settled, seen, dialect)
    return HalfRevision(
        run=step.run,
        step=step.ordinal,
        revision=step.revision,
        direction=step.direction,
        statements=tuple(settled),
        unchanged=now.checksum == step.checksum,
        rerunnable=now.rerunnable,
        certain=dialect == "postgresql" and all(_all_told(part) for part in parts),
        file=now.path,
        destination=now.destination,
        undo=tuple(one.sql for one in undo),
        undo_loses=tuple(one.loses for one in undo if one.loses),
        no_undo=no_undo,
    )


def _all_told(part: Part) -> bool:
    """Whether every statement that may stand is among those that were journalled."""
    if [record.ordinal for record in part.records] != list(range(1, len(part.records) + 1)):
        return False
    held = any(not record.autocommit for record in part.records)
    return part.transaction == "aborted" or (part.transaction == "committed" and held)


def read_statement(sql: str, dialect: Dialect) -> ReadStatement:
    """Read a statement, which may be several commands."""
    own = tongue(dialect)
    commands = tuple(own.read(piece.text) for piece in own.split(sql))
    natures = [nature_of(one) for one in commands]
    return ReadStatement(
        commands,
        max(natures, key=_NATURES.index, default="query"),
        tuple(trace for one in commands for trace in traces_of(one)),
        all(is_repeatable(one) or nature == "query" for one, nature in zip(commands, natures, strict=True)),
    )


def keys_of(statements: Iterable[str], dialect: Dialect) -> tuple[Key, ...]:
    """What must be looked for, to settle these statements."""
    found = (trace.key for sql in statements for trace in read_statement(sql, dialect).traces)
    return tuple(dict.fromkeys(found))


def settle_statements(
    records: Sequence[StatementRecord], transaction: TransactionOutcome, seen: Seen, dialect: Dialect
) -> tuple[SettledStatement, ...]:
    """What became of each, in order. `transaction` is what became of the one whose commit was journalled last."""
    read = [read_statement(record.sql, dialect) for record in records]
    told = [_told(record, transaction) for record in records]
    last = _last_writers(read, told)
    before: dict[Key, bool] = {}
    settled = []
    for at, record in enumerate(records):
        standing, how = told[at]
        if standing == "unknown" and read[at].nature == "definition":
            standing, how = _looked(read[at], before, seen)
            if (
                record.outcome == "failed"
                and standing == "in effect"
                and any(t.made for t in read[at].traces)
            ):
                # "already exists" is a failure too, and what is there is somebody else's
                standing, how = "not in effect", "it failed, and what bears the name was there before it"
        elif standing == "in effect":
            mine = [trace for trace in read[at].traces if last.get(trace.key) == at]
            if any(not shows(trace, seen) for trace in mine):
                standing, how = (
                    "not in effect",
                    "the journal has it as committed, but it is not in the schema",
                )
        if standing == "in effect":
            before.update({trace.key: trace.made for trace in read[at].traces})
        settled.append(_settled(record, read[at], standing, how))
    return tuple(settled)


def _settled(record: StatementRecord, read: ReadStatement, standing: Standing, how: str) -> SettledStatement:
    return SettledStatement(
        record.ordinal,
        record.sql,
        record.digest,
        read.nature,
        standing,
        how,
        read.repeatable,
        f"{record.file}:{record.line}" if record.file else "",
    )


def _told(record: StatementRecord, transaction: TransactionOutcome) -> tuple[Standing, str]:
    """What the journal and the transaction status say."""
    if record.outcome == "rolled back":
        return "not in effect", "its transaction was rolled back"
    if record.outcome == "failed":
        if record.autocommit and "concurrently" in record.sql.lower():
            return "unknown", "it failed, and may have left something"
        return "not in effect", "it failed"
    if record.autocommit:
        if record.outcome == "done":
            return "in effect", "it ended, and was committed by itself"
        return "unknown", "it was sent, and no end was written"
    if record.outcome == "done":
        return "in effect", "its transaction was committed"
    if record.outcome == "unfinished" and transaction == "committed":
        return "in effect", "the server has its transaction as committed"
    if record.outcome == "unfinished" and transaction == "aborted":
        return "not in effect", "the server has its transaction as aborted"
    return "unknown", "what became of its transaction is not known"


def _last_writers(read: Sequence[ReadStatement], told: Sequence[tuple[Standing, str]]) -> dict[Key, int]:
    """The last statement that may have touched each thing."""
    last: dict[Key, int] = {}
    for at, one in enumerate(read):
        if told[at][0] != "not in effect":
            last.update({trace.key: at for trace in one.traces})
    # a renamed or dropped table takes its parts along
    for at, one in enumerate(read):
        if told[at][0] == "not in effect":
            continue
        gone = {trace.name for trace in one.traces if trace.kind == "relation" and not trace.made}
        last.update({key: at for key in last if key[1] in gone and key[0] != "relation"})
    return last


def shows(trace: Trace, seen: Seen) -> bool:
    """Whether the schema shows it as the statement leaves it."""
    found = seen.get(trace.key)
    if trace.kind == "relation" and trace.made:
        return found is not None and found.valid
    if trace.kind == "partition" and not trace.made:
        return found is None or not found.valid  # half detached: going on finishes it
    return (found is not None) == trace.made


def _looked(read: ReadStatement, before: Mapping[Key, bool], seen: Seen) -> tuple[Standing, str]:
    """A statement is whole or not at all, so that one thing of it that can be seen settles it."""
    telling = [trace for trace in read.traces if before.get(trace.key) != trace.made]
    shown = {shows(trace, seen) for trace in telling}
    if shown == {True}:
        return "in effect", "the schema shows what it makes"
    if shown == {False}:
        invalid = any(trace.made and seen.get(trace.key) is not None for trace in telling)
        how = "what it was making is there, INVALID" if invalid else "the schema does not show what it makes"
        return "not in effect", how
    return "unknown", "nothing in the schema tells"


def undo_of(
    statements: Sequence[SettledStatement], seen: Seen, dialect: Dialect
) -> tuple[tuple[Undoing, ...], str]:
    """What takes back all that is in effect, the last first; and why that cannot be had, "" where it can."""
    standing = [one for one in statements if one.standing == "in effect" and one.nature != "query"]
    # not what a rename gave its name: that has rows from before
    made = {
        ref.name
        for one in standing
        for command in read_statement(one.sql, dialect).commands
        for ref in command.objects
        if ref.role == "created" and command.understood and "if not exists" not in command.flags
    }
    undone: list[Undoing] = []
    for one in reversed(standing):
        read = read_statement(one.sql, dialect)
        if one.nature == "data":
            if not _writes_only(read.commands, made):
                return (), f"statement {one.ordinal} wrote rows, and nothing tells them from others"
            continue
        for command in reversed(read.commands):
            found = undoing_of(command, lambda *key: _schema(seen, key))
            if found is None:
                return (), f"no statement undoes statement {one.ordinal}"
            undone += found
    return tuple(undone), ""


def _schema(seen: Seen, key: Key) -> str:
    found = seen.get(key)
    return found.schema if found is not None else ""


def _writes_only(commands: Sequence[Reading], tables: set[Name]) -> bool:
    """Whether the rows are in tables that go with the revision."""
    written = {o.name for one in commands for o in one.objects if o.role == "written"}
    plain = all(one.understood and one.kind == "insert" and not calls_what_may_write(one) for one in commands)
    return plain and written <= tables
