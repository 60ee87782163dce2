"""`backup create`, `backup list` and `backup verify` for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.backups import Manifest, RestorePoint, Verification
from alembic_safe.model.restores import RestoreProof
from alembic_safe.model.results import BackupListing, BackupResult
from alembic_safe.report.console.page import BAD, GOOD, STRONG, View, columns, line, pairs
from alembic_safe.report.wording import age, clean, count, duration, heads, moment, size

_HEADER = ("backup", "ended (UTC)", "size", "age", "scope", "verified (UTC)", "of", "run")
_READ = "when written"


def backups(result: BackupResult, view: View) -> Iterator[RenderableType]:
    """The store as a table, or what verifying one said."""
    if result.action == "list":
        yield from _listing(result, view)
    else:
        for listing in result.backups:
            yield from _one(listing, view)
    for verification in result.verifications:
        yield from _verification(verification)
    for proof in result.proofs:
        yield from _proof(proof)
    for name in result.unreadable:
        yield line(("not readable", BAD), f": {clean(name)}")


def _listing(result: BackupResult, view: View) -> Iterator[RenderableType]:
    if not result.backups:
        if result.error is None:
            yield "no backups yet"
        return
    rows = [_row(listing) for listing in result.backups]
    widest = [max(len(row[index]) for row in (*rows, _HEADER)) for index in range(len(_HEADER))]
    if sum(widest) + 2 * len(_HEADER) <= view.width:
        yield columns([(Text(row[0], style=STRONG), *row[1:]) for row in rows], _HEADER, right=[2, 3])
        return
    for listing in result.backups:
        yield _heading(listing)
        yield pairs(_essentials(listing))


def _row(listing: BackupListing) -> tuple[str, ...]:
    manifest = listing.manifest
    verified = moment(listing.verified) if listing.verified else _READ if manifest.read else "never"
    if listing.faults:
        verified = "NOT GOOD"
    of = f"{clean(manifest.database)} at {_all_heads(manifest)}"
    ended = moment(manifest.ended)
    run = clean(manifest.run or "")
    return (
        clean(manifest.id),
        ended,
        size(manifest.size),
        age(listing.age),
        _scope(manifest),
        verified,
        of,
        run,
    )


def _scope(manifest: Manifest) -> str:
    return "external" if manifest.engine == "external" else manifest.scope


def _one(listing: BackupListing, view: View) -> Iterator[RenderableType]:
    yield _heading(listing)
    yield pairs(_facts(listing, view))


def _heading(listing: BackupListing) -> Text:
    manifest = listing.manifest
    return line((clean(manifest.id), STRONG), f"  {size(manifest.size)}, {age(listing.age)} old")


def _essentials(listing: BackupListing) -> Iterator[tuple[str, str]]:
    manifest = listing.manifest
    where = "" if manifest.address == manifest.database else f" at {clean(manifest.address)}"
    yield "of", f"{clean(manifest.database)}{where}"
    yield "revision", _all_heads(manifest)
    if manifest.scope != "full" or manifest.engine == "external":
        yield "scope", f"{_scope(manifest)}: {clean(manifest.why)}" if manifest.why else _scope(manifest)
    if manifest.run:
        yield "run", clean(manifest.run)
    if listing.verified:
        yield "verified", f"{moment(listing.verified)} UTC"
    if listing.restored is not None:
        proof = listing.restored
        what = f"in {duration(proof.recovery_time)}" if proof.good else f"FAILED: {clean(proof.faults[0])}"
        yield "restored", f"{what}, {moment(proof.at)} UTC"
    if listing.faults:
        yield "NOT GOOD", clean(listing.faults[0])


def _facts(listing: BackupListing, view: View) -> Iterator[tuple[str, str]]:
    manifest = listing.manifest
    yield from _essentials(listing)
    contents = f"{count(len(manifest.tables), 'table')}, {count(manifest.rows, 'row')}"
    read = ", read whole after writing" if manifest.read else ""
    if manifest.engine != "external":
        left_out = f", the rows of {count(manifest.left_out, 'table')} left out" if manifest.left_out else ""
        yield "holds", f"{manifest.scope}: {contents}{left_out}{read}"
    yield "made", f"{moment(manifest.began)} UTC in {duration(manifest.duration)}"
    yield (
        "by",
        f"{clean(manifest.tool)} {clean(manifest.tool_version)}, server {clean(manifest.server_version)}",
    )
    if manifest.source:
        yield "dumped from", clean(manifest.source)
    for name, value in manifest.external.items():
        yield name, clean(value)
    if manifest.restore_point is not None:
        yield "restore point", _point(manifest.restore_point)
    yield "way back", manifest.way_back
    yield "folder", clean(listing.path)
    if view.verbose:
        for table in manifest.tables:
            yield "", f"{clean(table.name)}: {count(table.rows, 'row')}"


def _point(point: RestorePoint) -> str:
    archived = "archived" if point.archived else "whether it is archived is not known"
    return f"{clean(point.name) or 'without a name'} at {clean(point.lsn)}, timeline {point.timeline}, {archived}"


def _all_heads(manifest: Manifest) -> str:
    """The version rows; with the table's name where that is not the usual one, or where there are several."""
    if list(manifest.heads) in ([], ["alembic_version"]):
        return heads(next(iter(manifest.heads.values()), None))
    return "; ".join(f"{clean(table)}: {heads(rows)}" for table, rows in manifest.heads.items())


def _verification(verification: Verification) -> Iterator[RenderableType]:
    word = ("good", GOOD) if verification.good else ("not good", BAD)
    took = f", verified in {duration(verification.duration)}"
    yield line((clean(verification.backup), STRONG), ": ", word, took)
    rows = [("fault", clean(fault)) for fault in verification.faults]
    yield pairs([*rows, *(("note", clean(note)) for note in verification.notes)])


def _proof(proof: RestoreProof) -> Iterator[RenderableType]:
    word = ("restores", GOOD) if proof.good else ("does not restore", BAD)
    yield line((clean(proof.backup), STRONG), ": ", word, f", in {clean(proof.where)}")
    parts = ", ".join(f"{clean(part)} {duration(took)}" for part, took in proof.durations.items())
    rows = [("fault", clean(fault)) for fault in proof.faults]
    if proof.good:
        rows.append(("recovery", f"{duration(proof.recovery_time)} until it can be used ({parts})"))
        rows.append(("data age", f"{duration(proof.age)}: what would have been lost"))
        rows.append(("holds", f"{count(proof.tables, 'table')}, {count(proof.rows, 'row')}, compared"))
    rows += [("reads otherwise", clean(note)) for note in proof.notes[:3]]
    yield pairs(rows)
