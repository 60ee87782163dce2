"""Small schemas for tests, as pg_dump writes them."""

from __future__ import annotations

from alembic_safe.databases.postgresql.objects import objects_of
from alembic_safe.model.identity import SchemaParts
from alembic_safe.recovery.identity.reading import parts_of


def entry(kind: str, name: str, text: str, schema: str = "public") -> str:
    return f"--\n-- Name: {name}; Type: {kind}; Schema: {schema}; Owner: -\n--\n\n{text}\n\n\n"


def table(name: str, *elements: str, after: str = "") -> str:
    inside = ",\n    ".join(elements)
    return entry("TABLE", name.strip('"'), f"CREATE TABLE public.{name} (\n    {inside}\n){after};")


def schema(*entries: str) -> SchemaParts:
    return parts_of(objects_of("SET client_encoding = 'UTF8';\n\n" + "".join(entries)))
