"""Writes alembic code for recipes, with the user's own names as Python literals."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.model.facts import Name

BLOCK = "with op.get_context().autocommit_block():\n"
CONTRACT = "# alembic-safe: phase contract\n"


def lit(value: object) -> str:
    """A Python literal; names come from the user and may hold quotes."""
    return repr(value)


def names(columns: Iterable[str]) -> str:
    """A Python list of names."""
    return "[" + ", ".join(map(repr, columns)) + "]"


def schema_of(name: Name) -> str:
    """`, schema='s'` where the statement wrote one."""
    return f", schema={name.schema!r}" if name.schema else ""


def ident(name: Name | str) -> str:
    """An identifier as SQL needs it: quoted where folding or a keyword-like form would change it."""
    if isinstance(name, Name) and name.schema:
        return f"{ident(name.schema)}.{ident(name.name)}"
    text = name.name if isinstance(name, Name) else name
    if (
        text
        and text.replace("_", "a").isalnum()
        and text.isascii()
        and text.lower() == text
        and not text[0].isdigit()
    ):
        return text
    return '"' + text.replace('"', '""') + '"'


def execute(sql: str) -> str:
    """`op.execute(...)` of one statement."""
    return f"op.execute({sql!r})\n"


def indented(code: str) -> str:
    """The code, one level in."""
    return "".join(f"    {line}\n" for line in code.splitlines())


def alone(code: str) -> str:
    """The code inside an autocommit block."""
    return BLOCK + indented(code)
