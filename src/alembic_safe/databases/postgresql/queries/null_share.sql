-- How much of a column is null, by the planner's statistics; of a table with partitions, by those of all of it.
SELECT null_frac
FROM pg_catalog.pg_stats
WHERE pg_catalog.format('%%I.%%I', schemaname, tablename) = %s AND attname = %s
ORDER BY inherited DESC
LIMIT 1
