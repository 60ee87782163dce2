-- Which prepared transactions does this database have, and how old are they?
SELECT gid, owner::text, extract(epoch FROM pg_catalog.clock_timestamp() - prepared)::float8
FROM pg_catalog.pg_prepared_xacts
WHERE database = pg_catalog.current_database()
ORDER BY prepared
