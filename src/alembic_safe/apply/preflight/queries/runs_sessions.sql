-- Which sessions of runs are on this database, and is there any command of ours that may be theirs?
SELECT a.pid, a.application_name,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.state_change))::float8,
       EXISTS (SELECT 1
               FROM pg_catalog.pg_stat_activity AS c
               WHERE c.datname = a.datname
                 AND c.application_name = 'alembic-safe/control'
                 AND c.pid <> pg_catalog.pg_backend_pid())
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database()
  AND a.application_name ~ '^alembic-safe/[0-9]{8}T[0-9]{6}Z-'
  AND a.usesysid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
  AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.pid
