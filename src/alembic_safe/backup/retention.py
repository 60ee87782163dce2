"""Which backups are kept, and why: the newest of each day, week and month, and what somebody may need. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone

from alembic_safe.model.policies import RetentionPolicy
from alembic_safe.quick import dataclass

_Bucket = Callable[[datetime], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What deciding needs to know of a backup. `good`: nothing speaks against it. `replaces`: it may replace the
    database; the others hold a part of it. `proven`: it was restored, and when that was last tried it could be."""

    id: str
    of: str
    at: datetime
    good: bool = True
    replaces: bool = True
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a backup is kept, and why: "newest of 2026-11-21", "run 2026... needs it"; removed: why not kept."""

    id: str
    keep: bool
    why: str


def decide(
    backups: Iterable[Kept], policy: RetentionPolicy, needed: dict[str, str] | None = None
) -> tuple[Decision, ...]:
    """A decision for each backup, newest first; `needed` says by id why a run still needs it.

    Each database by itself. Only good ones count for days, weeks and months, of those that have any, so that a time
    without backups makes none go. Those that may replace the database are counted by themselves, so that one that
    holds a part of it makes none of them go; a part stands for a day, week or month that has nothing else. The
    newest good one is always kept, the newest good one that may replace the database, and the newest of those (or
    else of all good ones) that was proven to restore; one that is not good is kept as long as there is no newer
    good one.
    """
    needed = needed or {}
    decisions: list[tuple[Kept, Decision]] = []
    ordered = sorted(backups, key=lambda one: (one.at, one.id), reverse=True)
    for database in dict.fromkeys(one.of for one in ordered):
        group = [one for one in ordered if one.of == database]
        reasons = _reasons(group, policy, needed)
        for one in group:
            decisions.append((one, _decision(one, reasons)))
    decisions.sort(key=lambda pair: (pair[0].at, pair[0].id), reverse=True)
    return tuple(decision for _, decision in decisions)


def _decision(one: Kept, reasons: dict[str, str]) -> Decision:
    if one.id in reasons:
        return Decision(one.id, True, reasons[one.id])
    return Decision(
        one.id, False, "a newer one stands for its time" if one.good else "not good, and there is a newer one"
    )


def _reasons(group: Sequence[Kept], policy: RetentionPolicy, needed: dict[str, str]) -> dict[str, str]:
    """Why each that is kept is; the strongest reason of several. `group` is newest first."""
    good = [one for one in group if one.good]
    reasons: dict[str, str] = {}
    whole = [one for one in good if one.replaces]
    _keep_newest(reasons, good, policy.monthly, _month, "month")
    _keep_newest(reasons, good, policy.weekly, _week, "week")
    _keep_newest(reasons, good, policy.daily, _day, "day")
    proven = [one for one in whole if one.proven] or [one for one in good if one.proven]
    if proven:
        reasons[proven[0].id] = "the last good one that was restored to prove it"
    if whole:
        reasons[whole[0].id] = "the last good one that may replace the database"
    if good:
        reasons[good[0].id] = "the last good one"
    newest_good = good[0].at if good else None
    for one in group:
        if not one.good and (newest_good is None or one.at > newest_good):
            reasons[one.id] = "not good, but no good one is newer"
        if one.id in needed:
            reasons[one.id] = needed[one.id]
    return reasons


def _keep_newest(
    reasons: dict[str, str], good: Sequence[Kept], count: int, bucket: _Bucket, word: str
) -> None:
    whole: dict[tuple[int, ...], Kept] = {}
    newest: dict[tuple[int, ...], Kept] = {}
    for one in good:
        key = bucket(one.at.astimezone(timezone.utc))
        newest.setdefault(key, one)
        if one.replaces:
            whole.setdefault(key, one)
    parts = (key for key in sorted(newest, reverse=True)[:count] if key not in whole)
    stand = [whole[key] for key in sorted(whole, reverse=True)[:count]] + [newest[key] for key in parts]
    for one in stand:
        reasons[one.id] = f"the newest of the {word} {_shown(bucket(one.at.astimezone(timezone.utc)), word)}"


def _day(at: datetime) -> tuple[int, ...]:
    return at.year, at.month, at.day


def _week(at: datetime) -> tuple[int, ...]:
    return tuple(at.isocalendar())[:2]


def _month(at: datetime) -> tuple[int, ...]:
    return at.year, at.month


def _shown(key: tuple[int, ...], word: str) -> str:
    return f"{key[0]}-W{key[1]:02}" if word == "week" else "-".join(f"{part:02}" for part in key)
