"""What tests for a dialect come to on the one at hand."""

from __future__ import annotations

import ast

import pytest

from alembic_safe.workflow.dialect_tests import DialectTests

OUTCOMES = {
    "conn.dialect.name == 'mysql'": (False, True),
    "'mysql' == kind": (False, True),
    "op.get_bind().dialect.name != 'postgresql'": (False, True),
    "kind in ('mysql', 'mariadb')": (False, True),
    "kind not in {'mysql'}": (True, False),
    "dialect.name.startswith('my')": (False, True),
    "not kind == 'mysql'": (True, False),
    "kind == 'mysql' and rows": (False, None),
    "kind == 'mysql' or rows": (None, True),
    "kind == 'mysql' or kind == 'sqlite'": (False, True),
    "kind == wanted": (None, None),
    "kind in [wanted]": (None, None),
    "rows": (None, None),
    "table.name == 'mysql'": (None, None),
}


@pytest.mark.parametrize("test", OUTCOMES)
def test_outcomes(test: str) -> None:
    tree = ast.parse(f"kind = conn.dialect.name\nif {test}:\n    pass")
    condition = tree.body[1]
    assert isinstance(condition, ast.If)
    found = tuple(DialectTests(tree, name).outcome(condition.test) for name in ("postgresql", "mysql"))
    assert found == OUTCOMES[test]
