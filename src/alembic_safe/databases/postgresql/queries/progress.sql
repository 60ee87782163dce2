-- How far are these sessions with what the server reports progress of? (documentation: "Progress Reporting")
SELECT command, phase, coalesce(nullif(blocks_done, 0), tuples_done, 0), coalesce(nullif(blocks_total, 0), tuples_total, 0)
FROM pg_catalog.pg_stat_progress_create_index WHERE pid = ANY (%(pids)s::int[])
UNION ALL
SELECT command, phase, coalesce(heap_blks_scanned, 0), coalesce(heap_blks_total, 0)
FROM pg_catalog.pg_stat_progress_cluster WHERE pid = ANY (%(pids)s::int[])
UNION ALL
SELECT 'VACUUM', phase, coalesce(heap_blks_scanned, 0), coalesce(heap_blks_total, 0)
FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = ANY (%(pids)s::int[])
UNION ALL
SELECT 'ANALYZE', phase, coalesce(sample_blks_scanned, 0), coalesce(sample_blks_total, 0)
FROM pg_catalog.pg_stat_progress_analyze WHERE pid = ANY (%(pids)s::int[])
UNION ALL
SELECT command, type, coalesce(bytes_processed, 0), coalesce(bytes_total, 0)
FROM pg_catalog.pg_stat_progress_copy WHERE pid = ANY (%(pids)s::int[])
