-- Which tables look like alembic's: ordinary, with one column alone, version_num, of a text type; may we read them?
SELECT n.nspname::text, c.relname::text, pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'version_num'
WHERE c.relkind = 'r'
  AND c.relpersistence <> 't'
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND a.atttypid IN ('pg_catalog.varchar'::regtype, 'pg_catalog.text'::regtype)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND NOT EXISTS (SELECT 1
                  FROM pg_catalog.pg_attribute AS other
                  WHERE other.attrelid = c.oid
                    AND other.attnum > 0
                    AND NOT other.attisdropped
                    AND other.attname <> 'version_num')
ORDER BY 1, 2
