"""What a rule is, and what it says when it looks at something."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import HazardClass, Severity
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.rules.place import Place, Spot, Whole

BOTH: tuple[Dialect, ...] = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class Gone:
    """What a contract step takes away: a table, or with `column` one column of it."""

    table: Name
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's word on one place. `message` says what happens and whom it hits, in lower case.

    `work` are tables whose size decides how long it takes; `mode` the lock that is held meanwhile. `goes`
    is what models must no longer map. `severity` and `at` (for rules of the whole plan) override the rule's.
    """

    message: str
    recipe: str = ""
    objects: tuple[Name | str, ...] = ()
    work: tuple[Name, ...] = ()
    mode: LockMode | None = None
    goes: tuple[Gone, ...] = ()
    severity: Severity | None = None
    at: Spot | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `why` is what the server does, with its source; `recipe` the page's example in alembic code.

    `look` sees each command of each revision, `look_at_plan` the whole plan once; `engine` says that neither
    does and judging itself finds it. `contract`: it passes in a declared and proven contract step. `covers`
    are ids of the catalogue of hazards.
    """

    id: str
    severity: Severity
    hazard: HazardClass
    summary: str
    why: str
    recipe: str
    covers: tuple[str, ...] = ()
    look: Callable[[Place], Iterable[Hit]] | None = None
    look_at_plan: Callable[[Whole], Iterable[Hit]] | None = None
    contract: bool = False
    engine: bool = False
    dialects: tuple[Dialect, ...] = ("postgresql",)
