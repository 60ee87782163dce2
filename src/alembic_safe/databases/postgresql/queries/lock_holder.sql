-- Who holds one of these deploy locks, on this database or (swapping ours) on another, and since when is it connected?
SELECT l.pid, a.usename::text, coalesce(a.client_hostname, pg_catalog.host(a.client_addr)), a.application_name,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'HH24:MI:SS'),
       extract(epoch FROM pg_catalog.clock_timestamp() - a.backend_start)::float8
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory'
  AND l.granted
  AND l.objsubid = 1
  AND (l.classid::bigint << 32) | l.objid::bigint = ANY (%s::bigint[])
  AND l.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.backend_start
LIMIT 1
