-- Who is connected to a database, other than we, and may we end it?
SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''),
       coalesce(pg_catalog.host(a.client_addr), ''),
       coalesce(to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), ''),
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
           OR (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
               OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
              AND NOT coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid = a.usesysid), true)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = %s
  AND a.pid <> pg_catalog.pg_backend_pid()
  AND (a.backend_type IN ('client backend', 'walsender', 'logical replication worker',
                          'logical replication apply worker', 'background worker')
       -- of others' sessions a role without pg_read_all_stats sees the user, but not the type
       OR a.backend_type IS NULL AND a.usesysid IS NOT NULL)
ORDER BY a.pid
