-- Does somebody hold one of these deploy locks from another database, as a restore does while it swaps ours?
SELECT count(*)
FROM pg_catalog.pg_locks
WHERE locktype = 'advisory'
  AND granted
  AND objsubid = 1
  AND pid <> pg_catalog.pg_backend_pid()
  AND database <> (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND (classid::bigint << 32) | objid::bigint = ANY (%s::bigint[])
