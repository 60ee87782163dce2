-- What are these relations called, quoted and with their schema?
SELECT c.oid::bigint, pg_catalog.format('%%I.%%I', s.nspname, c.relname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace
WHERE c.oid = ANY (%s::bigint[]::oid[])
