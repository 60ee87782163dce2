-- How many more connections may the server, the database and the role have, and what raises the limit?
WITH role AS (
    SELECT r.oid, r.rolname, r.rolconnlimit, r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s
), used AS (
    SELECT count(*) AS server,
           count(*) FILTER (WHERE a.datname = pg_catalog.current_database()) AS database,
           count(*) FILTER (WHERE a.usesysid = (SELECT oid FROM role)) AS role
    FROM pg_catalog.pg_stat_activity AS a
    -- of others' sessions a role without pg_read_all_stats sees the user, but not the type
    WHERE a.usesysid IS NOT NULL
      AND coalesce(a.backend_type, 'client backend') = 'client backend'
      AND a.pid NOT IN (SELECT pid FROM pg_catalog.pg_stat_replication)
)
SELECT 'the server''s ' || pg_catalog.current_setting('max_connections'),
       pg_catalog.current_setting('max_connections')::int - used.server
       - CASE WHEN (SELECT rolsuper FROM role) THEN 0
              ELSE pg_catalog.current_setting('superuser_reserved_connections')::int
                   + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int END,
       'End idle sessions, or raise max_connections.'
FROM used
UNION ALL
SELECT 'the database''s ' || d.datconnlimit,
       CASE WHEN d.datconnlimit >= 0 AND NOT coalesce((SELECT rolsuper FROM role), false)
            THEN d.datconnlimit - used.database END,
       pg_catalog.format('Run `ALTER DATABASE %%I CONNECTION LIMIT ...`, or end idle sessions.', d.datname)
FROM used, pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT 'role ' || role.rolname || '''s ' || role.rolconnlimit,
       CASE WHEN role.rolconnlimit >= 0 AND NOT role.rolsuper THEN role.rolconnlimit - used.role END,
       pg_catalog.format('Run `ALTER ROLE %%I CONNECTION LIMIT ...`, or end idle sessions.', role.rolname)
FROM used, role
