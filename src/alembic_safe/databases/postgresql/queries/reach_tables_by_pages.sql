-- The same where somebody holds a table exclusively and its size cannot be asked: as vacuum last wrote it down.
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relkind IN ('r', 'm')
            THEN (c.relpages::bigint + coalesce(t.relpages, 0))
                 * pg_catalog.current_setting('block_size')::bigint
            ELSE 0 END
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND n.nspname NOT LIKE 'pg\_toast%'
 ORDER BY c.oid
