-- Which partitions did a DETACH ... CONCURRENTLY leave half detached? Only FINALIZE ends it (documentation: ALTER TABLE).
SELECT pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.relname),
       pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       c.relname::text
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
WHERE i.inhdetachpending
ORDER BY 1, 2
