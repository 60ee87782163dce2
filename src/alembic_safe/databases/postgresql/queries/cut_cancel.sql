-- Cancel what a session runs, if its pid, its start and its transaction are still those that were looked at.
SELECT pg_catalog.pg_cancel_backend(pid)
FROM pg_catalog.pg_stat_activity
WHERE pid = %s
  AND pid <> pg_catalog.pg_backend_pid()
  AND to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') = %s
  AND to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') = %s
