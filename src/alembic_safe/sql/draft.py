"""A reading while it is made; the only thing in this room that changes in place."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Name, ObjectRef, Reading, Role
from alembic_safe.sql.cursor import Cursor


class Draft:
    """What a statement's reader has found so far."""

    __slots__ = ("actions", "flags", "inner", "kind", "not_understood", "objects")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.objects: list[ObjectRef] = []
        self.actions: list[Action] = []
        self.flags: set[str] = set()
        self.inner: list[Reading] = []
        self.not_understood = ""

    def add(self, kind: str, name: Name, role: Role, *, implied: bool = False) -> ObjectRef:
        """Enter an object, once for a role."""
        made = ObjectRef(kind, name, role, implied)
        if made not in self.objects:
            self.objects.append(made)
        return made

    def act(self, action: Action) -> None:
        self.actions.append(action)

    def flag_if(self, cursor: Cursor, *words: str) -> bool:
        """Take these words if they come next, and enter them as a flag."""
        if cursor.accept(*words):
            self.flags.add(" ".join(words))
            return True
        return False

    def reading(self, text: str) -> Reading:
        return Reading(
            self.kind,
            text,
            tuple(self.objects),
            tuple(self.actions),
            frozenset(self.flags),
            tuple(self.inner),
            self.not_understood,
        )
