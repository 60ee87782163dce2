-- Our sessions (kind o), others that wait for one of them (w), each with how long and for whom it waits.
WITH ours AS MATERIALIZED (
    SELECT pid, backend_start, xact_start, state
    FROM pg_catalog.pg_stat_activity
    WHERE datname = pg_catalog.current_database()
      AND pid <> pg_catalog.pg_backend_pid()
      AND (application_name = %(name)s::text::name::text
           OR pid::text || ' ' || to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
              = ANY (%(known)s::text[]))
),
waiting AS MATERIALIZED (
    -- without a transaction of ours nobody waits for us, and the lock table is not looked at
    SELECT l.pid, l.locktype, l.mode, l.relation,
           pg_catalog.clock_timestamp() - coalesce(l.waitstart, pg_catalog.clock_timestamp()) AS waited
    FROM pg_catalog.pg_locks AS l
    WHERE NOT l.granted
      AND EXISTS (SELECT FROM ours WHERE xact_start IS NOT NULL)
    ORDER BY l.waitstart
    LIMIT 200
)
SELECT 'o', o.pid, to_char(o.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
       coalesce(to_char(o.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ''),
       coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - o.xact_start)::float8, 0), coalesce(o.state, ''),
       extract(epoch FROM w.waited)::float8,
       coalesce(w.mode || ' on ' || coalesce(w.relation::regclass::text, w.locktype), ''),
       CASE WHEN w.pid IS NULL THEN '{}' ELSE pg_catalog.pg_blocking_pids(o.pid) END
FROM ours AS o
LEFT JOIN waiting AS w ON w.pid = o.pid
UNION ALL
SELECT 'w', w.pid, '', '', 0, '', extract(epoch FROM w.waited)::float8,
       w.mode || ' on ' || coalesce(w.relation::regclass::text, w.locktype), b.blockers
FROM waiting AS w
-- background processes have no user; what is ours is told apart by its name
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid AND a.usesysid IS NOT NULL
CROSS JOIN LATERAL (SELECT pg_catalog.pg_blocking_pids(w.pid) AS blockers) AS b
WHERE w.pid <> ALL (SELECT pid FROM ours)
  AND coalesce(a.application_name, '') NOT LIKE 'alembic-safe/%%'
  -- VACUUM, ANALYZE and concurrent builds wait in this mode, or for a virtual transaction; nobody reads or writes less
  AND w.mode <> 'ShareUpdateExclusiveLock'
  AND w.locktype <> 'virtualxid'
  AND b.blockers && ARRAY(SELECT pid FROM ours)
