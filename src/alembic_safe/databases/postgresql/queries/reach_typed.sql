-- Which tables have columns of types that users made (or of arrays or domains of them)?
WITH RECURSIVE made AS (
    SELECT t.oid, n.nspname, t.typname
      FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typtype IN ('d', 'e', 'c', 'r', 'm', 'b')
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
       AND t.typelem = 0
    UNION
    SELECT t.oid, m.nspname, m.typname
      FROM made m
      JOIN pg_catalog.pg_type t ON t.typelem = m.oid OR t.typbasetype = m.oid
)
SELECT DISTINCT m.nspname::text, m.typname::text, a.attrelid::bigint
  FROM made m
  JOIN pg_catalog.pg_attribute a ON a.atttypid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
