-- Which relations do these names mean on this search_path, and which hang together with them?
-- Partitions, children, parents, views that read them, tables on the other end of a foreign key, tables that
-- have a column of a named type. Sizes are asked apart, since they wait for locks.
WITH RECURSIVE wanted AS (
  SELECT w.schema_name, w.name
    FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS w(schema_name, name)
), place AS (
  SELECT n.oid, n.nspname::text AS schema_name,
         array_position(pg_catalog.current_schemas(true)::text[], n.nspname::text) AS at
    FROM pg_catalog.pg_namespace AS n
), found AS (
  SELECT DISTINCT ON (w.schema_name, w.name) c.oid, c.relkind
    FROM wanted AS w
    JOIN place AS p ON p.schema_name = w.schema_name OR (w.schema_name IS NULL AND p.at IS NOT NULL)
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = p.oid AND c.relname = w.name
   ORDER BY w.schema_name, w.name, p.at
), seed AS (
  SELECT oid FROM found WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION
  SELECT i.indrelid FROM found AS f JOIN pg_catalog.pg_index AS i ON i.indexrelid = f.oid
  UNION
  SELECT a.attrelid
    FROM wanted AS w
    JOIN place AS p ON p.schema_name = w.schema_name OR (w.schema_name IS NULL AND p.at IS NOT NULL)
    JOIN pg_catalog.pg_type AS t ON t.typnamespace = p.oid AND t.typname = w.name
     AND (t.typtype IN ('e', 'd') OR EXISTS (SELECT FROM pg_catalog.pg_class AS k
                                              WHERE k.oid = t.typrelid AND k.relkind = 'c'))
    JOIN pg_catalog.pg_attribute AS a ON a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f')
), below AS (
  SELECT oid FROM seed
  UNION
  SELECT i.inhrelid FROM below AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
), above AS (
  SELECT oid FROM seed
  UNION
  SELECT i.inhparent FROM above AS a JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = a.oid
), reader AS (
  SELECT oid FROM below
  UNION
  SELECT r.ev_class
    FROM reader AS b
    JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = b.oid
     AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
), related AS (
  SELECT oid FROM reader
  UNION SELECT oid FROM above
  UNION SELECT k.confrelid FROM pg_catalog.pg_constraint AS k JOIN above AS a ON a.oid = k.conrelid
         WHERE k.contype = 'f'
  UNION SELECT k.conrelid FROM pg_catalog.pg_constraint AS k JOIN below AS b ON b.oid = k.confrelid
         WHERE k.contype = 'f'
)
SELECT c.oid::int8, n.nspname::text, c.relname::text, pg_catalog.pg_table_is_visible(c.oid), c.relkind::text,
       c.relpersistence::text, pg_catalog.pg_get_expr(c.relpartbound, c.oid), c.reltuples::float8,
       ARRAY(SELECT i.inhparent::int8 FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid
              ORDER BY i.inhseqno),
       CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' WHEN 'n' THEN 'nothing' ELSE '' END
  FROM related AS r
  JOIN pg_catalog.pg_class AS c ON c.oid = r.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY n.nspname, c.relname
