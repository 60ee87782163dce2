-- every table and materialized view of people's: oid, schema, name, kind, bytes of its own, of its indexes, planner's rows
SELECT c.oid::pg_catalog.int8, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_table_size(c.oid) END,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_indexes_size(c.oid) END,
       c.reltuples::pg_catalog.float8
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'p')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND n.nspname !~ '^pg_(toast|temp)'
 ORDER BY 1
