-- Which other sessions on this database carry this application_name? (A start we may not see is not ours to touch.)
SELECT pid, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND application_name = %s::text::name::text
  AND pid <> pg_catalog.pg_backend_pid()
  AND backend_type = 'client backend'
  AND backend_start IS NOT NULL
ORDER BY pid
