"""What supervisor and worker say to each other: frozen values, encoded as JSON and never as pickle.

Unpickling would import the project's modules into the supervisor; JSON cannot. `encode` and `decode`
are driven by the type hints, so a message is declared once, here.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from typing import Any, Literal, cast, get_args

from alembic_safe.bridge.committing import CommitAwaited
from alembic_safe.bridge.composed import CallsComposed
from alembic_safe.bridge.shaping import plain, shaping
from alembic_safe.model.recovery import Resume
from alembic_safe.model.revisions import (
    Direction,
    Revision,
    RevisionListing,
    Source,
    Statement,
)
from alembic_safe.model.scratch import Redirect
from alembic_safe.model.targets import Dialect, Target
from alembic_safe.model.traces import Trace
from alembic_safe.quick import dataclass

# ---- supervisor to worker


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do: execute env.py of one section once.

    `mode` "probe": read-only, nothing is applied; pending revisions are listed when `listing`, but with
    `unless_empty` not those of a database that holds nothing (our own journal in `journal_schema` aside), and with
    `first` that alone which would be run next. With
    `with_values` the literals of DML stay as they are, for judging: whoever shows or keeps them masks them.
    `mode` "apply": revisions are run towards `destination`. `application_name` marks its sessions.
    `mode` "review": every revision is rendered for `dialect` ("auto": the URL's), of PostgreSQL for `server_version`
    (major), without a database, and env.py executed only if `environment`.
    Chosen are those in the files `paths` (absolute), or with none given
    those after `base` up to `destination`; with `base` "" the `destination` alone.
    A file in the folder `kept`, named by what the revisions before the first chosen one follow from, stands for them.
    `lock_timeout` (seconds, PostgreSQL) is how long a statement that stops reads or writes waits; 0 leaves it alone.
    `secrets` are values to mask in every text sent back. `search_path` is added to sys.path's end.
    With `redirect` ("apply") every connection leads to a clone; `with_values` leaves the literals of statements as
    they are, for judging; `ask_all` has the worker wait for a word at each statement and before each commit.
    `stop_before` names, by the target's ordinal, the revision that is not run, nor any after it ("": all are).
    `exactly` names, by the target's ordinal too, what is run, in its order, whatever `destination` says.
    `resume`: a revision that is finished rather than begun.
    `paced`: the worker waits for a word before each step, while no transaction is open.
    `digest` ("probe"): a digest of all that the history's schemas follow from is wanted.
    `trace` (with `redirect`): after each statement its session is looked at from inside, see `StatementTraced`;
    `trace_beside`: others work on the clone between the steps, which is not to be taken for a step's work.
    """

    mode: Literal["probe", "apply", "review"]
    config: tuple[str, ...]
    section: str
    x_arguments: tuple[str, ...]
    destination: str
    direction: Direction
    application_name: str
    listing: bool = True
    search_path: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    environment: bool = False
    server_version: int = 18
    dialect: str = "auto"
    base: str = "base"
    paths: tuple[str, ...] = ()
    kept: str = ""
    redirect: Redirect | None = None
    with_values: bool = False
    ask_all: bool = False
    unless_empty: bool = False
    first: bool = False
    journal_schema: str = ""
    lock_timeout: float = 0.0
    stop_before: tuple[str, ...] = ()
    exactly: tuple[tuple[str, ...], ...] = ()
    paced: bool = False
    digest: bool = False
    trace: bool = False
    trace_beside: bool = False
    resume: Resume | None = None


@dataclass(frozen=True, slots=True)
class Proceed:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not go on: undo what is open and end."""

    reason: str


@dataclass(frozen=True, slots=True)
class Again:
    """Run the statement that got stuck once more, or `sql` in its place where that is not ""."""

    sql: str = ""


# ---- worker to supervisor


@dataclass(frozen=True, slots=True)
class Started:
    """env.py is about to be executed."""

    pid: int


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """The project opened a connection; `server_pid` None: not asked (SQLite)."""

    driver: str
    driver_pid: int | None
    server_pid: int | None


@dataclass(frozen=True, slots=True)
class CloneWanted:
    """The project asked for a database that no clone stands for; its connection was refused."""

    dialect: str
    database: str


@dataclass(frozen=True, slots=True)
class GraphRead:
    """The script directory: every revision, and its heads. `digest` (hex) is "" unless the job asked for it."""

    directory: str
    heads: tuple[str, ...]
    revisions: tuple[Revision, ...]
    digest: str = ""

    def reached(self, heads: Iterable[str]) -> frozenset[str]:
        """These revisions and all that come before them."""
        by_id = {revision.id: revision for revision in self.revisions}
        found: set[str] = set()
        todo = list(heads)
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += (*by_id[one].down, *by_id[one].depends_on) if one in by_id else ()
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A table of the project's `target_metadata` with the names of its columns in the database."""

    name: str
    schema: str | None
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelsRead:
    """What env.py gave as `target_metadata`, for the targets that follow; `tables` None: nothing."""

    tables: tuple[MappedTable, ...] | None


@dataclass(frozen=True, slots=True)
class TargetFound:
    """env.py configured a target and asked alembic to run.

    `pending` are revision ids in order; `expected_heads` the version rows after all of them. `unknown` are
    rows that this checkout does not have (then nothing is pending). `fault` says why no range could be made.
    `empty`: there is no version row and no relation of anybody's, so that nothing can be hurt.
    `heads_along` are the version rows after each of `pending`, told by a probe.
    """

    target: Target
    pending: tuple[str, ...]
    expected_heads: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    fault: str | None = None
    empty: bool = False
    heads_along: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionListed:
    """A pending revision with what it would execute."""

    target: int
    listing: RevisionListing


@dataclass(frozen=True, slots=True)
class ReviewBegun:
    """All revisions of a target will now be listed, oldest first; the job's `chosen` ones with their downgrade too.

    `wants_env` says why env.py has to be executed for the directory to be known whole; "" where it need not.
    Those before the first chosen one are left out if the file `kept` stands for them (`skipped`); "" where none
    may. `dialect` is that of the database URL where one is written down.
    """

    target: int
    chosen: tuple[str, ...]
    wants_env: str = ""
    kept: str = ""
    skipped: bool = False
    dialect: Dialect = "postgresql"


@dataclass(frozen=True, slots=True)
class StepAwaited:
    """A step is next, and nothing is open; the worker waits. Sent only when the job is `paced`."""

    target: int
    step: int


@dataclass(frozen=True, slots=True)
class StepBegun:
    """A revision is about to run; the worker waits. `transaction` is the open transaction's xid8."""

    target: int
    step: int
    revision: Revision
    transaction: str | None


@dataclass(frozen=True, slots=True)
class StatementBegun:
    """A statement goes to the server. The worker waits for a word if and only if `statement.autocommit`.

    A short statement in alembic's own transaction is not announced: `StatementEnded` alone tells of it.
    """

    target: int
    step: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class StatementEnded:
    """It came back. The worker waits for a word if and only if it is in autocommit and did not fail."""

    target: int
    step: int
    statement: Statement


# object_not_in_prerequisite_state: among others, a DETACH of what an earlier one left half detached
HALF_DETACHED = "55000"
# of whoever is told that the worker's connection was lost
LOST_HINT = "Run the same command again; the server's log says why it ended the connection."


@dataclass(frozen=True, slots=True)
class StatementTraced:
    """What was seen from inside the session after a statement, sent before its `StatementEnded`."""

    target: int
    step: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class StatementStuck:
    """A concurrent statement lost a wait or a deadlock, or meets what an earlier run left half detached.

    The worker waits for `Again`; any other word lets it fail.
    """

    statement: Statement
    sqlstate: str
    message: str


@dataclass(frozen=True, slots=True)
class StepReady:
    """Body done, version row written, nothing committed yet; the worker waits if and only if `split`.

    `heads` are the version rows that the commit makes. `split` names how the revision left alembic's
    transaction on its way ("commit", "autocommit", "driver commit"); empty when it was left alone.
    """

    target: int
    step: int
    transaction: str | None
    heads: tuple[str, ...]
    split: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepCommitted:
    """alembic's COMMIT returned. Proof is read by the supervisor, on its own connection."""

    target: int
    step: int


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The revision raised. `split` as in StepReady: what it had committed by then.

    `lost`: what ended it is the loss of its connection.
    `mark` is the change mark of an SQLite file that nobody else wrote to since the first revision began, else None.
    """

    target: int
    step: int
    message: str
    detail: str
    source: Source | None
    sqlstate: str | None
    split: tuple[str, ...] = ()
    lost: bool = False
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentNotice:
    """Something about env.py that a person should know."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker ends with an error. `kind` is a class of alembic_safe.errors."""

    kind: str
    message: str
    hint: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """env.py was executed to its end; `threads` are those it left running."""

    threads: tuple[str, ...] = ()


Message = (
    Job
    | Proceed
    | Stop
    | Again
    | Started
    | ConnectionOpened
    | CloneWanted
    | GraphRead
    | ModelsRead
    | TargetFound
    | RevisionListed
    | ReviewBegun
    | StepAwaited
    | StepBegun
    | StatementBegun
    | StatementEnded
    | StatementTraced
    | CallsComposed
    | StatementStuck
    | CommitAwaited
    | StepReady
    | StepCommitted
    | StepFailed
    | EnvironmentNotice
    | Failed
    | Finished
)

_BY_NAME: dict[str, type[Any]] = {cls.__name__: cls for cls in get_args(Message)}


def register(*classes: type[Any]) -> None:
    """Let messages of further classes be sent: another process of ours speaks the same way."""
    _BY_NAME.update({cls.__name__: cls for cls in classes})


def encode(message: Message) -> bytes:
    """One message as JSON bytes."""
    return json.dumps([type(message).__name__, plain(message)], separators=(",", ":"), default=dict).encode()


def decode(data: bytes) -> Message:
    """The message that `encode` wrote. Raises ValueError on anything else."""
    name, body = json.loads(data)
    if name not in _BY_NAME:
        raise ValueError(f"unknown message {name!r}")
    message: Message = shaping(cast(Hashable, _BY_NAME[name]))(body)
    return message
