-- Does a relation of this name exist, in the first of these schemas that has one? Its schema, kind, and whether it is
-- a valid index.
SELECT n.nspname::text, c.relkind::text, coalesce(i.indisvalid, true)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
WHERE c.relname = %(name)s AND n.nspname = ANY (%(schemas)s::text[])
ORDER BY pg_catalog.array_position(%(schemas)s::text[], n.nspname::text)
LIMIT 1
