-- Which columns do these relations have, of which type, with which default?
SELECT a.attrelid::int8, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       CASE WHEN a.attidentity <> '' THEN 'identity'
            WHEN a.attgenerated = 's' THEN 'stored'
            WHEN a.attgenerated = 'v' THEN 'virtual' ELSE '' END,
       CASE WHEN a.attcollation <> t.typcollation THEN
            (SELECT l.collname::text FROM pg_catalog.pg_collation AS l WHERE l.oid = a.attcollation) END
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
