"""Facts -> findings: one rule a file, marks in comments, allowances, the gate. Pure.

`judge` gives the findings of a plan, `gate` the verdict, `read_marks` what a revision's comments say.
"""

from __future__ import annotations

from alembic_safe.rules.gate import gate
from alembic_safe.rules.judging import judge
from alembic_safe.rules.marks import marks_in_sql, read_marks
from alembic_safe.rules.phases import phases
from alembic_safe.rules.registry import all_rules
from alembic_safe.rules.rule import Rule

__all__ = ["Rule", "all_rules", "gate", "judge", "marks_in_sql", "phases", "read_marks"]
