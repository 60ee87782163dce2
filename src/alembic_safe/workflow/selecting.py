"""Which revisions `check` is asked to judge: a range or files as they are typed, what a branch adds, or all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from alembic_safe.errors import UsageError
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow.changed import changed_since

_RANGE = re.compile(r"([^:]*):([^:]*)")
_HINT = "Give a range (`a1:heads`, a revision by itself), files, `--since GITREF` for what a branch adds, or `--all`."


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for. `paths` None: the range. `together`: they are deployed as one upgrade."""

    base: str = "base"
    destination: str = "heads"
    paths: tuple[Path, ...] | None = None
    together: bool = True


def selected(settings: Settings, what: Sequence[str]) -> Selection:
    """What was asked for. Raises `UsageError` where that is nothing, too much, or a file that is not there."""
    query = settings.review
    given = [bool(what), query.since is not None, query.everything]
    if sum(given) != 1:
        fault = "what is to be checked is not said" if not any(given) else "only one selection can hold"
        raise UsageError(fault, hint=_HINT)
    if query.everything:
        return Selection(together=False)
    if query.since is not None:
        changed = changed_since(query.since, settings.directory)
        return Selection(paths=tuple(path for path in changed if path.suffix == ".py"))
    if any(_is_file(word) for word in what):
        return Selection(paths=tuple(path for word in what for path in _files(word)))
    if len(what) > 1:
        raise UsageError(f"{' '.join(what)!r} is neither one range nor files", hint=_HINT)
    found = _RANGE.fullmatch(what[0])
    if found is None:
        return Selection("", what[0])
    return Selection(found[1] or "base", found[2] or "heads", together=found[1] not in ("", "base"))


def _is_file(word: str) -> bool:
    return Path(word).suffix != "" or "/" in word or Path(word).is_file()


def _files(word: str) -> list[Path]:
    """The file, or what is in the folder."""
    path = Path(word).resolve()
    if not path.exists():
        raise UsageError(f"there is no file {word}", hint=_HINT)
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def nothing_there(settings: Settings, selection: Selection) -> str:
    """Why there is nothing to judge, for a notice."""
    if settings.review.since is not None:
        return f"no revision was added or changed since {settings.review.since}"
    if selection.paths is not None:
        return "none of the files given is a revision of this project"
    return "there is no revision in this range"
