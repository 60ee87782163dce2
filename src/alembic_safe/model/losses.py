"""What a downgrade takes away."""

from __future__ import annotations

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """What a downgrade takes away: a table's rows, or a column's values that are not null (`column` not "").

    `number` None: it could not be counted; not `exact`: the planner's estimate.
    """

    revision: str
    table: str
    column: str
    number: int | None
    exact: bool = True

    @property
    def sentence(self) -> str:
        """ "1,200 rows of orders", "about 3 values of orders.note"."""
        what = f"{self.table}.{self.column}" if self.column else self.table
        unit = ("value" if self.column else "row") + ("" if self.number == 1 else "s")
        if self.number is None:
            return f"the {unit} of {what} (not counted)"
        return f"{'' if self.exact else 'about '}{self.number:,} {unit} of {what}"
