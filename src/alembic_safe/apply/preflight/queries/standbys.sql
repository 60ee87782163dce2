-- Which standbys stream from here, how far behind are they (s, bytes), and how much of what they have is not replayed?
-- What is not flushed here is not sent, so the last column is where a standby can be at best.
SELECT coalesce(nullif(application_name, ''), client_addr::text, 'pid ' || pid),
       extract(epoch FROM replay_lag)::float8,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)::float8,
       pg_catalog.pg_wal_lsn_diff(flush_lsn, replay_lsn)::float8,
       replay_lsn::text,
       pg_catalog.pg_current_wal_flush_lsn()::text
FROM pg_catalog.pg_stat_replication
WHERE replay_lsn IS NOT NULL
  AND application_name <> 'pg_basebackup'
ORDER BY 1
