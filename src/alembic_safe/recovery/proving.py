"""What a comparison of the schema with the history offers: the row that it proves, or what to make again. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.recovery import BY_HAND, Evidence, Remedy

_WHICH_TABLE = (
    "was version_table or version_table_schema changed in env.py by mistake? Set it back: nothing else need be done."
    " If it is meant, the new table gets its row:"
)


def stamp(state: str, evidence: Evidence, leads_to: tuple[str, ...]) -> Remedy:
    """The remedy that writes the row that the schema proves."""
    rows, hindered = provable(evidence)
    if state == "version table elsewhere":
        hindered = BY_HAND
    named = " ".join(rows or ()) or ("REVISION" if rows is None else "base")
    return Remedy(
        "stamp",
        "Write the version row that the schema proves.",
        steps=(
            *((_WHICH_TABLE,) if state == "version table elsewhere" else ()),
            f"alembic-safe stamp {named}",
        ),
        needs=("proof that the schema is that of the revision, which is had again under the lock",),
        hindered=hindered,
        leads_to=leads_to,
    )


def provable(evidence: Evidence) -> tuple[tuple[str, ...] | None, str]:
    """The version rows that the schema proves; and why no rows can be written by that alone, "" where they can.

    Revisions that differ in their rows alone have one schema: which of them were run no schema tells.
    """
    found = evidence.identity
    if found is None:
        return None, "the schema was not compared: `alembic-safe identify` does so"
    if not found.equal:
        return (
            None,
            found.why_not or "the schema is that of no revision; `alembic-safe identify` says what differs",
        )
    if len(found.equal) > 1:
        named = ", ".join(" ".join(rows) or "base" for rows in found.equal)
        return (
            None,
            f"the schema is that of {named}, which differ in rows alone: `alembic-safe stamp` one of them",
        )
    return found.equal[0], ""


def _made_anew(evidence: Evidence) -> Iterator[str]:
    """Where the schema is that of an earlier revision: its rows are lost on this way, so that it is the last."""
    rows, _ = provable(evidence)
    if rows is not None:
        named = " ".join(rows) or "base"
        yield f"or, without its rows: `alembic-safe stamp {named}` and `alembic-safe upgrade` run the revision again"


def mend_by_hand(evidence: Evidence, leads_to: tuple[str, ...]) -> Remedy:
    """What is gone can be made again; its rows only a backup has."""
    beside = "`alembic-safe backup restore ID --beside NAME` puts one beside the target, to copy them from"
    return Remedy(
        "mend-by-hand",
        "Make again what is gone, with its rows where a backup has them.",
        steps=(
            "`alembic-safe identify -v` lists what differs, with the SQL that makes it as the history has it",
            f"`alembic-safe backup list` shows which backups may have its rows; {beside}",
            *_made_anew(evidence),
        ),
        loses=("nothing that is here",),
        hindered=BY_HAND,
        leads_to=leads_to,
    )
