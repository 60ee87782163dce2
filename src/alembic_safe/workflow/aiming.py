"""Which of a project's targets a command is for: `--target LABEL`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from alembic_safe.errors import UsageError
from alembic_safe.workflow.asking import Site


def names_of(sites: Sequence[Site]) -> list[str]:
    """What `--target` calls each: its label, and its address where several databases have one name."""
    labels = [site.target.label for site in sites]
    many = Counter(labels)
    return [label if many[label] == 1 else _full(site) for label, site in zip(labels, sites, strict=True)]


def aimed(sites: Sequence[Site], wanted: str | None) -> list[Site]:
    """The site that `wanted` names, all of them where it is None. Raises `UsageError` with the names there are."""
    if wanted is None:
        return list(sites)
    names = names_of(sites)
    found = [site for site, name in zip(sites, names, strict=True) if wanted in (name, _full(site))]
    if len(found) == 1:
        return found
    alike = [name for name, site in zip(names, sites, strict=True) if site.target.label == wanted]
    said = f"several targets are called {wanted!r}" if alike else f"there is no target {wanted!r}"
    raise UsageError(said, hint=f"--target takes one of: {listed(alike or names)}.")


def listed(names: Sequence[str]) -> str:
    """Names as they are typed into a shell."""
    import shlex

    return ", ".join(map(shlex.quote, names))


def _full(site: Site) -> str:
    """The label with the whole address in place of the database's name."""
    name = site.target.database
    return site.database.facts.address + site.target.label.removeprefix(name or "(memory)")
