-- Which installed extensions could this server not make again?
SELECT e.extname::text
FROM pg_catalog.pg_extension AS e
WHERE e.oid >= 16384 -- FirstNormalObjectId, src/include/access/transam.h
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = e.extname)
ORDER BY 1
