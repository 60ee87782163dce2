-- Which constraints do these tables have, and are they valid and enforced (18 knows NOT ENFORCED)?
SELECT k.conrelid::int8, k.contype::text, k.conname::text,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, place)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
              ORDER BY u.place),
       coalesce(pg_catalog.pg_get_expr(k.conbin, k.conrelid), ''), k.confrelid::int8,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, place)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
              ORDER BY u.place),
       k.confdeltype::text, k.confupdtype::text, k.convalidated,
       coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true), k.condeferrable, k.connoinherit
  FROM pg_catalog.pg_constraint AS k
 WHERE k.conrelid = ANY (%(oids)s::oid[]) AND k.contype IN ('c', 'f', 'p', 'u', 'x', 'n')
 ORDER BY k.conrelid, k.conname
