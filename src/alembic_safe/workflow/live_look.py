"""What a target says of the revisions that are judged: live facts, the journal's part of them, its schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alembic_safe.journal import JournalReader
from alembic_safe.model.live import LiveFacts
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.sql import Schema
from alembic_safe.sql.tongues import tongue
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.judging import called, named


def look_at(
    site: Site, listings: Sequence[RevisionListing], journal: JournalReader | None
) -> tuple[LiveFacts, Schema]:
    """Live facts of what `listings` touch, and the schema that they would begin from; reads only.

    Without a journal nothing is known of what other code mapped.
    """
    dialect = site.target.dialect
    names, calls = named(listings, dialect), called(listings, dialect)
    look = site.database.look(names, site.target.search_path, calls)
    live = look.facts
    if journal is not None:
        before = journal.mapped_before(str(site.target.version_table), site.checkout)
        live = replace(live, mapped_before=before)
    return live, tongue(dialect).seeded(look.catalog)
