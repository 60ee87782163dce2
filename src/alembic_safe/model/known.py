"""What judging asks of the schema as the statements so far leave it; sql's model of it answers, or a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from alembic_safe.model.facts import Constraint, DataType, Expression, Name, Reading

Age = Literal["transaction", "revision", "plan"]


class KnownColumn(Protocol):
    """A column as it stands. `not_null_valid` False: its NOT NULL is NOT VALID."""

    @property
    def type(self) -> DataType | None: ...
    @property
    def not_null(self) -> bool: ...
    @property
    def not_null_valid(self) -> bool: ...
    @property
    def default(self) -> Expression | None: ...
    @property
    def generated(self) -> str: ...


class KnownIndex(Protocol):
    """An index. `constraint` names the one that it backs."""

    @property
    def name(self) -> Name: ...
    @property
    def table(self) -> Name: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def unique(self) -> bool: ...
    @property
    def depends(self) -> frozenset[str]: ...
    @property
    def constraint(self) -> str | None: ...


class KnownTable(Protocol):
    """A table or view. `complete`: all its columns and constraints are known."""

    @property
    def name(self) -> Name: ...
    @property
    def kind(self) -> str: ...
    @property
    def columns(self) -> Mapping[str, KnownColumn]: ...
    @property
    def constraints(self) -> Mapping[str, Constraint]: ...
    @property
    def partitioned(self) -> bool: ...
    @property
    def parents(self) -> tuple[Name, ...]: ...
    @property
    def children(self) -> tuple[Name, ...]: ...
    @property
    def default_partition(self) -> Name | None: ...
    @property
    def replica_identity(self) -> str: ...
    @property
    def reads(self) -> tuple[Name, ...]: ...
    @property
    def shape(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def complete(self) -> bool: ...


class KnownType(Protocol):
    """An enum, domain or composite type."""

    @property
    def kind(self) -> str: ...
    @property
    def values(self) -> tuple[str, ...]: ...


class KnownRoutine(Protocol):
    """One signature of a function or procedure. `body` is its text where it is known."""

    @property
    def signature(self) -> str: ...
    @property
    def returns(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def defaults(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def body(self) -> str | None: ...


class KnownSchema(Protocol):
    """The schema just before a statement. `knows_all`: what it does not have is not there."""

    @property
    def knows_all(self) -> bool: ...

    def table(self, name: Name) -> KnownTable | None:
        """The relation of this name, None where it is not known."""

    def index(self, name: Name) -> KnownIndex | None:
        """The index of this name, None where it is not known."""

    def type(self, name: Name) -> KnownType | None:
        """The enum, domain or composite type of this name, None where it is not known."""

    def there(self, kind: str, name: Name, table: Name | None = None) -> bool | None:
        """Whether something that is no relation, index or type is there; None where that is not known."""

    def uses_type(self, name: Name) -> bool:
        """Whether a column, a domain or a routine may have this type; True where not everything is known."""

    def age(self, name: Name) -> Age | None:
        """How new a table is; None for one that was there before the plan, or is not known."""

    def indexes_of(self, name: Name) -> tuple[KnownIndex, ...]:
        """The known indexes of a table."""

    def routines_of(self, name: Name) -> tuple[KnownRoutine, ...]:
        """The known signatures of a function or procedure."""

    def users_of(self, table: Name, column: str) -> tuple[str, ...]:
        """Views, policies, triggers and rules that use a column, and the partition key, in words."""

    def view_columns(self, reading: Reading) -> tuple[str, ...] | None:
        """The columns that a view would have as CREATE VIEW says, in order; None where they cannot be told."""

    def readers(self, name: Name) -> tuple[KnownTable, ...]:
        """Views (and on SQLite triggers of other tables) that read a relation, directly or through others."""

    def pragma(self, name: str) -> str | None:
        """What a statement has set a pragma of SQLite's to, in lower case; None where none has."""

    def rights_of(self, name: Name) -> frozenset[str]:
        """Rights ("role privilege") on a relation that one made anew under its name does not get by itself."""

    def triggers_of(self, table: str) -> tuple[KnownTable, ...]:
        """Triggers on a table of SQLite's; none elsewhere."""

    def descendants(self, name: Name) -> tuple[KnownTable, ...]:
        """Partitions and inheriting tables, of all levels."""

    def referencing(self, name: Name) -> tuple[tuple[KnownTable, Constraint], ...]:
        """Foreign keys that point at a table, each with the table that has it."""
