-- The open sessions of runs: pid, start, application, state, query, seconds that the query has run. One whose start
-- is not shown to this role is told of without it.
SELECT pid, coalesce(to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ''), application_name,
       coalesce(state, ''), left(coalesce(query, ''), 300),
       coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - query_start), 0)::float8
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND application_name = ANY (%s::text[])
  AND pid <> pg_catalog.pg_backend_pid()
  AND backend_type = 'client backend'
ORDER BY pid
