-- Who are these sessions? (Of other roles' sessions one may see little without pg_read_all_stats.)
SELECT pid, coalesce(usename::text, ''), coalesce(application_name, ''), coalesce(state, ''),
       left(coalesce(query, ''), 300),
       extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8
FROM pg_catalog.pg_stat_activity
WHERE pid = ANY (%s::int[])
ORDER BY xact_start NULLS LAST, pid
