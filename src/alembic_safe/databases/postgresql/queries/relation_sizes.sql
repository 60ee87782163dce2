-- every table and materialized view of people's: oid, schema, name, kind, bytes of its own, of its indexes, planner's
-- rows (none in an empty file, whatever the planner was told) and pages
SELECT c.oid::pg_catalog.int8, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_table_size(c.oid) END,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_indexes_size(c.oid) END,
       CASE WHEN c.relkind <> 'p' AND pg_catalog.pg_relation_size(c.oid) = 0 THEN 0 ELSE c.reltuples END::pg_catalog.float8,
       c.relpages
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'p')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND n.nspname !~ '^pg_(toast|temp)'
 ORDER BY 1
