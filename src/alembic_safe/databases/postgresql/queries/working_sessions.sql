-- The sessions that execute something for somebody else than us: pid, start, application, state, query, seconds.
SELECT pid, coalesce(to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ''), application_name,
       state, query, coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - query_start), 0)::float8
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND state = 'active'
  AND application_name NOT LIKE 'alembic-safe/%'
  AND pid <> pg_catalog.pg_backend_pid()
  AND backend_type = 'client backend'
ORDER BY pid
