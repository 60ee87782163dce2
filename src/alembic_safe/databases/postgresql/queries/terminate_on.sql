-- End every session on a database, other than ours, that we may end.
SELECT count(pg_catalog.pg_terminate_backend(a.pid))
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = %s
  AND a.pid <> pg_catalog.pg_backend_pid()
  -- the type is hidden from a role without pg_read_all_stats
  AND coalesce(a.backend_type, 'client backend') <> 'autovacuum worker'
  AND ((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       OR (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
           OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
          AND NOT coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid = a.usesysid), true))
