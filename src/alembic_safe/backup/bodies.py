"""What a function's body touches: its source read as the statements that it runs. Pure."""

from __future__ import annotations

from alembic_safe.backup.scopes import touched_by
from alembic_safe.model.scopes import CatalogFunction, Touched
from alembic_safe.sql import Schema, facts_of, read, resolve, split

_QUOTE = "$alembic_safe_body$"


def body_of(function: CatalogFunction, version: int) -> Touched:
    """What calling `function` may touch, on a server of major `version`. What is not read is a doubt."""
    source = function.source
    if not source or _QUOTE in source or function.language not in ("plpgsql", "sql"):
        return Touched(
            doubts=(f"{function.name} is written in {function.language}, and its body is not read",)
        )
    if function.language == "plpgsql":
        # the body of a function is a block, as that of DO is
        texts = [f"DO {_QUOTE}{source}{_QUOTE}"]
    else:
        texts = [piece.text for piece in split(source)]
    return touched_by(facts_of(resolve(read(text), Schema()), version) for text in texts)
