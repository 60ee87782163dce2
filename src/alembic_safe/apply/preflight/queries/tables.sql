-- Which tables are these names, with what inherits from them, how large are they, and does the role own them?
WITH RECURSIVE named AS (
    SELECT n.position,
           coalesce(pg_catalog.to_regclass(pg_catalog.format('%%I.%%I', coalesce(n.schema, %(near)s::text), n.name)),
                    CASE WHEN n.schema IS NULL THEN pg_catalog.to_regclass(pg_catalog.quote_ident(n.name)) END)::oid AS oid
    FROM unnest(%(names)s::text[], %(schemas)s::text[]) WITH ORDINALITY AS n (name, schema, position)
), tree AS (
    SELECT position, oid, false AS inherited FROM named WHERE oid IS NOT NULL
    UNION
    SELECT t.position, i.inhrelid, true FROM tree AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
)
SELECT t.position, c.oid::bigint, s.nspname || '.' || c.relname,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) ELSE 0 END,
       coalesce((SELECT pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')
                 FROM pg_catalog.pg_roles AS r WHERE r.rolname = %(role)s), true),
       t.inherited
FROM tree AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace
ORDER BY t.position, t.inherited, c.oid
