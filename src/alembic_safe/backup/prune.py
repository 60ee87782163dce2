"""Removes backups that need not be kept any more, one after the other; each is whole, or not listed any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from alembic_safe.backup.catalogue import list_backups
from alembic_safe.backup.retention import Decision, Kept, decide
from alembic_safe.backup.store import Store
from alembic_safe.model.policies import RetentionPolicy
from alembic_safe.model.results import BackupListing
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is to be done: a decision a backup, newest first, and what is left alone because it is not ours to say."""

    decisions: tuple[tuple[BackupListing, Decision], ...]
    left_alone: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[BackupListing, ...]:
        return tuple(listing for listing, decision in self.decisions if not decision.keep)


def plan_pruning(
    store: Store, policy: RetentionPolicy, *, addresses: Iterable[str], needed: Mapping[str, str]
) -> Pruning:
    """Decide on the backups of the databases at `addresses`; those of others, and what cannot be read, stay.

    `needed` says by id why a run needs a backup. Raises `BackupError` when the store cannot be read.
    """
    ours = frozenset(addresses)
    found, unreadable = list_backups(store)
    mine = [listing for listing in found if listing.manifest.address in ours]
    by_id = {listing.manifest.id: listing for listing in mine}
    decisions = decide((_kept(listing) for listing in mine), policy, dict(needed))
    others = [f"{one.manifest.id}: of another database" for one in found if one.manifest.address not in ours]
    return Pruning(
        tuple((by_id[decision.id], decision) for decision in decisions),
        (*others, *(f"{name}" for name in unreadable)),
    )


def prune(
    store: Store,
    pruning: Pruning,
    *,
    tick: Callable[[], None] = lambda: None,
    gone: Callable[[str], None] = lambda backup: None,
) -> tuple[str, ...]:
    """Remove what was decided, the oldest first, and give the ids; each is told to `gone` as it goes.

    Raises `BackupError` at one that stays.
    """
    removed = []
    for listing in reversed(pruning.removed):
        tick()
        store.remove(listing.manifest.id)
        removed.append(listing.manifest.id)
        gone(listing.manifest.id)
    return tuple(removed)


def _kept(listing: BackupListing) -> Kept:
    manifest = listing.manifest
    return Kept(
        manifest.id,
        manifest.address,
        manifest.began,
        good=not listing.faults,
        replaces=manifest.way_back == "restore",
        proven=listing.restored is not None and listing.restored.good,
    )
