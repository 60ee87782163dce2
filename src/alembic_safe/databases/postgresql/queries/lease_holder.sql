-- Who holds one of these rows alive, since when, and when was it renewed last?
SELECT holder, to_char(taken AT TIME ZONE 'UTC', 'HH24:MI:SS'),
       extract(epoch FROM pg_catalog.clock_timestamp() - taken)::float8,
       extract(epoch FROM pg_catalog.clock_timestamp() - beat)::float8
FROM journal.lease
WHERE key = ANY (%s::bigint[])
  AND beat >= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => seconds)
ORDER BY taken
LIMIT 1
