"""role-rights: the project's role does not own what the plan alters, or may not create where it creates."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query


def _look(scene: Scene) -> Iterator[Found]:
    work = scene.work
    if work is None or work.switches_role:
        return  # who it will be by then is not known
    role = scene.target.role or scene.database.facts.user
    foreign = sorted({t.name for t in scene.tables if t.planned in work.owned and not t.owned})
    if foreign:
        yield Found(
            f"role {role} does not own {', '.join(foreign)}, which the plan alters",
            f'Run the migrations as the owner, or `ALTER TABLE ... OWNER TO "{role}"`.',
        )
    schemas = sorted({s or scene.target.version_table.schema or "public" for s in work.schemas})
    for (schema,) in scene.database.fetch(query("schemas_closed"), {"schemas": schemas, "role": role}):
        yield Found(
            f"role {role} may not create anything in schema {schema}, and the plan does",
            f'Run `GRANT CREATE ON SCHEMA "{schema}" TO "{role}"`.',
        )


CHECK = Check(
    "role-rights", "refuse", "rights that the project's role lacks for the plan", _look, planned=True
)
