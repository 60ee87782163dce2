-- Which sessions of this database have had a transaction with a snapshot or an xid open for so many seconds?
SELECT pid, usename::text, application_name, state,
       extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND backend_type = 'client backend'
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
  AND xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
  AND pid <> pg_catalog.pg_backend_pid()
ORDER BY xact_start
