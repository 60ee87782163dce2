-- as relation_sizes, by the pages that the last VACUUM or ANALYZE counted: no table is opened, so that none is waited for
SELECT c.oid::pg_catalog.int8, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relkind = 'p' THEN 0 ELSE greatest(c.relpages, 0) + greatest(coalesce(t.relpages, 0), 0) END
         * pg_catalog.current_setting('block_size')::pg_catalog.int8,
       (SELECT coalesce(sum(i.relpages), 0)
          FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid AND i.relkind = 'i'
         WHERE x.indrelid = c.oid) * pg_catalog.current_setting('block_size')::pg_catalog.int8,
       c.reltuples::pg_catalog.float8, c.relpages
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
 WHERE c.relkind IN ('r', 'm', 'p')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND n.nspname !~ '^pg_(toast|temp)'
 ORDER BY 1
