-- Which replication slots are there, who reads them, how much WAL do they keep, and how much more can they bear?
SELECT slot_name::text, slot_type, active, wal_status,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::float8,
       safe_wal_size::float8
FROM pg_catalog.pg_replication_slots
WHERE NOT temporary
ORDER BY 1
