"""The constraints of a domain, as CREATE DOMAIN and ALTER DOMAIN leave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alembic_safe.model.facts import Action, Constraint
from alembic_safe.sql.schema.model import NOT_NULL, TypeState


def constraints_of_domain(domain: str, constraints: Iterable[Constraint]) -> frozenset[str]:
    """Their names; a CHECK without one gets the server's: domain_check, then with a number."""
    found: set[str] = set()
    for one in constraints:
        if one.kind in ("check", "not null"):
            found.add(_name(domain, one, found))
    return frozenset(found)


def _name(domain: str, constraint: Constraint, taken: Iterable[str]) -> str:
    if constraint.kind == "not null":
        return NOT_NULL
    if constraint.name:
        return constraint.name
    name, number, used = f"{domain}_check", 0, set(taken)
    while name in used:
        number += 1
        name = f"{domain}_check{number}"
    return name


def with_constraint(state: TypeState, action: Action) -> TypeState:
    """A domain after an action of ALTER DOMAIN. One that is dropped frees it only when all of them are known."""
    known = state.constraints
    if action.kind == "set not null":
        return replace(state, constrained=True, constraints=None if known is None else known | {NOT_NULL})
    if action.kind == "add constraint" and action.constraint is not None:
        name = _name(state.name.name, action.constraint, known or ())
        return replace(state, constrained=True, constraints=None if known is None else known | {name})
    if known is None:
        return state
    if action.kind == "rename constraint" and action.name in known and action.new_name:
        return replace(state, constraints=known - {action.name} | {action.new_name})
    gone = {"drop not null": NOT_NULL, "drop constraint": action.name}.get(action.kind)
    left = known - {gone or ""}
    return replace(state, constrained=bool(left), constraints=left)
