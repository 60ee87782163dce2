"""What a downgrade would lose: the rows and values in what it drops, counted on the target before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic_safe.apply import preflight
from alembic_safe.databases import null_share, quoted_names
from alembic_safe.errors import AlembicSafeError, RefusedError, UnreachableError
from alembic_safe.model.facts import Facts, Name
from alembic_safe.model.findings import Allowance, Judgement
from alembic_safe.model.losses import Loss
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.planned_work import planned_work

# counting reads the whole table: of a larger one the planner's estimates are told
_COUNTED_BYTES = 1e9
_COPY = "_alembic_tmp_"


def losses_of(site: Site) -> tuple[Loss, ...]:
    """What would go, in the order of the plan; only what holds something."""
    judgement = site.judgement
    if judgement is None:
        return ()
    places = _places(site, judgement)
    found = []
    for revision in judgement.plan.revisions:
        copied = {
            found.name.name.removeprefix(_COPY)
            for command in revision.commands
            for found in command.facts.reading.objects
            if found.name.name.startswith(_COPY)
        }
        for command in revision.commands:
            new = {name for name, _ in command.facts.fresh}
            for table, column in _goes(command.facts):
                # what batch mode copies on SQLite is not lost with the table that it copies from
                if table not in new and table.name not in copied:
                    loss = _counted(site, judgement, places, revision.revision.id, table, column)
                    if loss is not None:
                        found.append(loss)
        for table, column in _left_out(judgement, revision.revision.id, copied):
            loss = _counted(site, judgement, places, revision.revision.id, table, column)
            if loss is not None:
                found.append(loss)
    return tuple(dict.fromkeys(found))


def refuse_losses(sites: Sequence[Site], losses: Sequence[Loss], reason: str | None) -> None:
    """Raise `RefusedError` for losses that nobody allowed: neither here, nor by the rule that found them."""
    allowed = {
        str(name)
        for site in sites
        if site.judgement is not None
        for finding in site.judgement.verdict.allowed
        for name in finding.objects
    }
    open_ = [loss for loss in losses if reason is None and not _covered(loss, allowed)]
    if open_:
        said = "; ".join(loss.sentence for loss in open_)
        raise RefusedError(
            f"the downgrade would lose {said}",
            hint="Nothing was changed. If that may go, give `--allow-loss REASON`; the backup before it keeps it.",
        )


def allowances_for(sites: Sequence[Site], reason: str) -> tuple[Allowance, ...]:
    """One allowance a rule that stops the plan for a loss of data."""
    rules = {
        finding.rule
        for site in sites
        if site.judgement is not None
        for finding in site.judgement.verdict.stopping
        if finding.hazard == "data loss"
    }
    return tuple(Allowance(rule, reason) for rule in sorted(rules))


def _covered(loss: Loss, allowed: set[str]) -> bool:
    table = loss.table.rpartition(".")[2]
    return bool({loss.table, table, f"{loss.table}.{loss.column}", f"{table}.{loss.column}"} & allowed)


def _goes(facts: Facts) -> Iterator[tuple[Name, str]]:
    """Tables that go with their rows (""), and columns that go with their values."""
    reading = facts.reading
    tables = [o.name for o in reading.objects if o.kind == "table"]
    if reading.kind in ("drop table", "truncate table", "delete"):
        yield from ((name, "") for name in tables if name.name)
    elif reading.kind == "alter table" and reading.target is not None:
        for action in reading.actions:
            if action.kind == "drop column" and action.name:
                yield reading.target.name, action.name


def _left_out(judgement: Judgement, revision: str, copied: set[str]) -> Iterator[tuple[Name, str]]:
    """Columns that batch mode leaves out of the copies it makes: no statement drops them, but the rule sees them go."""
    for finding in judgement.findings:
        if (finding.rule, finding.revision) == ("column-dropped", revision):
            table, column = finding.objects[:2]
            schema, _, name = table.rpartition(".")
            if name in copied:
                yield Name(name, schema or None), column.removeprefix(f"{table}.")


def _places(site: Site, judgement: Judgement) -> dict[Name, str]:
    """Each planned table's name as the server has it, quoted, where it is there."""
    if site.database.facts.dialect != "postgresql":
        return {}
    tables = preflight.locked_tables(site.database, site.target, planned_work(judgement.plan))
    oids = {table.oid: table.planned for table in tables if not table.inherited}
    return {oids[oid]: quoted for oid, quoted in quoted_names(site.database, oids).items()}


def _counted(
    site: Site, judgement: Judgement, places: dict[Name, str], revision: str, table: Name, column: str
) -> Loss | None:
    live = judgement.live.table(table) if judgement.live is not None else None
    place = places.get(table)
    if live is not None and live.bytes > _COUNTED_BYTES:
        return Loss(revision, str(table), column, _estimated(site, place, column, live.rows), exact=False)
    if site.database.facts.dialect == "sqlite":
        place = ".".join(_quoted(part) for part in (table.schema, table.name) if part)
    if place is None:
        return None
    what = f"count({_quoted(column)})" if column else "count(*)"
    try:
        number = int(site.database.fetch(f"SELECT {what} FROM {place}")[0][0])
    except (UnreachableError, IndexError):
        raise
    except AlembicSafeError:
        # no such table by now, or no right to read it: that it goes is all that can be told
        return Loss(revision, str(table), column, None, exact=False)
    return Loss(revision, str(table), column, number) if number else None


def _estimated(site: Site, place: str | None, column: str, rows: float | None) -> int | None:
    """Rows, or values that are not null, by the planner's statistics; None where they tell of none or are missing."""
    number = rows
    if column and rows is not None:
        empty = null_share(site.database, place, column) if place is not None else None
        number = rows * (1.0 - empty) if empty is not None else None
    return round(number) or None if number is not None else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
