"""Records of the model <-> rows of the journal's tables. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from alembic_safe.model.facts import Name
from alembic_safe.model.live import Mapped
from alembic_safe.model.runs import Origin, RunRecord, StatementRecord, StepRecord

Text = Callable[[str], str]


def heads_text(heads: tuple[str, ...] | None) -> str | None:
    """Version rows as JSON; None (no version table) stays None."""
    return None if heads is None else json.dumps(heads)


def mapped_text(mapped: Mapped) -> str:
    """Mapped tables as JSON, the same for the same tables: [[schema, name, [column, ...]], ...]."""
    rows = [[name.schema or "", name.name, sorted(columns)] for name, columns in mapped.items()]
    return json.dumps(sorted(rows), separators=(",", ":"))


def mapped_of(text: str) -> Mapped:
    """Back from `mapped_text`."""
    return {Name(name, schema or None): frozenset(columns) for schema, name, columns in json.loads(text)}


def run_values(run: RunRecord) -> dict[str, object]:
    """The values of the row of a run."""
    return {
        "id": run.id,
        "command": run.command,
        "target": run.target,
        "heads_before": heads_text(run.heads_before),
        "heads_after": heads_text(run.heads_after),
        "began": run.began,
        "ended": run.ended,
        "outcome": run.outcome,
        "tool_version": run.tool_version,
        "server_version": run.server_version,
        "who": run.who,
        "host": run.host,
        "ci_link": run.ci_link,
        "backup": run.backup,
        "allowances": json.dumps(run.allowances),
        "error": run.error,
    }


def origin_values(origin: Origin) -> dict[str, object]:
    """The values of the row that says which database a run is made on."""
    return {"system": origin.system, "address": origin.address, "named": origin.name, "oid": origin.oid}


def step_values(step: StepRecord) -> dict[str, object]:
    """The values of the row of a step, and of its file's."""
    return {
        "run": step.run,
        "ordinal": step.ordinal,
        "revision": step.revision,
        "direction": step.direction,
        "transaction_id": step.transaction,
        "began": step.began,
        "ended": step.ended,
        "outcome": step.outcome,
        "attempts": step.attempts,
        "duration": step.duration,
        "checksum": step.checksum,
        "error": step.error,
        "text": step.text,
    }


def statement_values(statement: StatementRecord) -> dict[str, object]:
    """The values of the row of a statement."""
    return {
        "run": statement.run,
        "step": statement.step,
        "ordinal": statement.ordinal,
        "digest": statement.digest,
        "sql": statement.sql,
        "file": statement.file,
        "line": statement.line,
        "began": statement.began,
        "duration": statement.duration,
        "row_count": statement.rows,
        "outcome": statement.outcome,
        "autocommit": statement.autocommit,
        "error": statement.error,
    }


def statements_json(statements: Sequence[StatementRecord], text: Text) -> str:
    """The rows of statements as one JSON array; `text` makes a text one that the server can hold."""
    rows = []
    for statement in statements:
        values = statement_values(statement)
        del values["run"], values["step"]
        row = {k: text(v) if isinstance(v, str) else v for k, v in values.items() if v is not None}
        rows.append({**row, "began": statement.began.isoformat()})
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def run_record(row: Sequence[Any]) -> RunRecord:
    """A row of queries/runs.sql."""
    before, after, allowances = _json(row[3]), _json(row[10]), _json(row[14])
    return RunRecord(
        id=row[0],
        command=row[1],
        target=row[2],
        heads_before=None if before is None else tuple(before),
        began=_known(row[4]),
        tool_version=row[5],
        server_version=row[6],
        who=row[7],
        host=row[8],
        ci_link=row[9],
        heads_after=None if after is None else tuple(after),
        ended=_time(row[11]),
        outcome=row[12],
        backup=row[13],
        allowances=tuple((what, reason) for what, reason in allowances),
        error=row[15],
    )


def step_record(row: Sequence[Any]) -> StepRecord:
    """A row of queries/steps.sql."""
    run, ordinal, revision, direction, began, checksum, text, transaction, ended, *rest = row
    outcome, duration, error, attempts = rest
    return StepRecord(
        run=run,
        ordinal=ordinal,
        revision=revision,
        direction=direction,
        began=_known(began),
        checksum=checksum,
        text=text,
        transaction=transaction,
        ended=_time(ended),
        outcome=outcome,
        duration=duration,
        error=error,
        attempts=attempts,
    )


def statement_record(row: Sequence[Any]) -> StatementRecord:
    """A row of queries/statements.sql."""
    run, step, ordinal, digest, sql, file, line, began, duration, rows, outcome, autocommit, error = row
    return StatementRecord(
        run=run,
        step=step,
        ordinal=ordinal,
        digest=digest,
        sql=sql,
        file=file,
        line=line,
        began=_known(began),
        duration=duration,
        rows=rows,
        outcome=outcome,
        autocommit=bool(autocommit),
        error=error,
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _known(value: Any) -> datetime:
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.astimezone(timezone.utc)


def _time(value: Any) -> datetime | None:
    return None if value is None else _known(value)
