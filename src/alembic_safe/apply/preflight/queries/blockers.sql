-- Who holds which locks on these tables, since when is that transaction open, and what does it do?
SELECT l.relation::bigint, l.mode,
       CASE WHEN l.pid IS NULL THEN 'prepared transaction' ELSE coalesce(a.backend_type, 'client backend') END,
       l.pid,
       coalesce(a.usename::text, p.owner::text),
       coalesce(p.gid, a.application_name),
       a.state,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(p.prepared, a.xact_start))::float8 AS age,
       a.query
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
-- a prepared transaction has no pid; its locks are told by the one on its own transaction id
LEFT JOIN pg_catalog.pg_locks AS x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'
                                  AND x.virtualtransaction = l.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = x.transactionid
WHERE l.locktype = 'relation'
  AND l.granted
  AND l.relation = ANY (%s::bigint[]::oid[])
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
ORDER BY age DESC NULLS LAST, l.pid
