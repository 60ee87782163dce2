-- For whom would a concurrent build wait at its end? Every older transaction of this database, of whatever table.
SELECT pid, coalesce(usename::text, ''), coalesce(application_name, ''), coalesce(state, ''), left(coalesce(query, ''), 300),
       extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND pid <> pg_catalog.pg_backend_pid()
  AND xact_start < pg_catalog.clock_timestamp() - interval '1 s'
  AND usesysid IS NOT NULL
UNION ALL
SELECT 0, owner::text, '', 'prepared', gid, extract(epoch FROM pg_catalog.clock_timestamp() - prepared)::float8
FROM pg_catalog.pg_prepared_xacts
WHERE database = pg_catalog.current_database()
ORDER BY 6 DESC
LIMIT 10
