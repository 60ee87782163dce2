-- Which indexes do these tables have: key columns, columns they otherwise depend on, whether they are valid?
SELECT i.indrelid::int8, n.nspname::text, c.relname::text, pg_catalog.pg_table_is_visible(c.oid),
       i.indisunique, i.indisvalid,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS u(attnum, place)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
              WHERE u.attnum <> 0 AND u.place <= i.indnkeyatts ORDER BY u.place),
       CASE WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN
         ARRAY(SELECT DISTINCT a.attname::text FROM pg_catalog.pg_depend AS d
                 JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
                  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid
                  AND d.refobjsubid > 0 AND d.refobjsubid <> ALL (i.indkey))
         ELSE '{}' END,
       (SELECT k.conname::text FROM pg_catalog.pg_constraint AS k
         WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1)
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE i.indrelid = ANY (%(oids)s::oid[])
 ORDER BY i.indrelid, c.relname
