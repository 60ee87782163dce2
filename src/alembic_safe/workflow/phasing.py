"""`--phase expand`: cuts a plan before its first contract revision, and says what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alembic_safe.model.facts import Phase
from alembic_safe.workflow.asking import Site

# what the application that still runs cannot live with
CONTRACT: tuple[Phase, ...] = ("contract", "incompatible")


def cut_before_contract(sites: Sequence[Site], say: Callable[[str], None]) -> bool:
    """Leave out each target's first contract revision and all after it; True when anything was left out.

    The judgement goes with it: what is left is a plan of its own. A database that holds nothing is not judged,
    and nothing is left out there.
    """
    cut = False
    for site in sites:
        index = _first_contract(site)
        if index is None:
            continue
        found = site.probed.found
        left = found.pending[index:]
        heads = found.heads_along[index - 1] if index else tuple(sorted(site.target.heads or ()))
        kept = replace(found, pending=found.pending[:index], expected_heads=heads)
        site.probed = replace(site.probed, found=kept, listings=site.listings[:index])
        site.judgement = None
        site.left = left
        cut = True
        say(
            f"{site.target.label}: revision {left[0]} contracts, so it"
            + (f" and {len(left) - 1} after it are" if len(left) > 1 else " is")
            + " left for `upgrade --phase all`"
            + (f": {', '.join(left)}" if len(left) > 1 else "")
        )
    return cut


def _first_contract(site: Site) -> int | None:
    if site.judgement is None:
        return None
    phases = {revision.revision.id: revision.phase for revision in site.judgement.plan.revisions}
    return next((i for i, one in enumerate(site.pending) if phases.get(one) in CONTRACT), None)
