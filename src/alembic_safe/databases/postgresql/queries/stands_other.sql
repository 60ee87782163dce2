-- Does something that is no relation exist: a type (in the first of these schemas that has it), a schema, an extension?
SELECT found.schema FROM (
    SELECT 'type' AS kind, t.typname::text AS name, n.nspname::text AS schema
    FROM pg_catalog.pg_type AS t
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    -- every table has a type of its name, and every type an array
    WHERE (t.typrelid = 0 OR c.relkind = 'c') AND t.typelem = 0
    UNION ALL
    SELECT 'schema', nspname::text, '' FROM pg_catalog.pg_namespace
    UNION ALL
    SELECT 'extension', extname::text, '' FROM pg_catalog.pg_extension
) AS found
WHERE found.kind = %(kind)s AND found.name = %(name)s
  AND (found.schema = '' OR found.schema = ANY (%(schemas)s::text[]))
ORDER BY pg_catalog.array_position(%(schemas)s::text[], found.schema)
LIMIT 1
