-- Which of these tables are past the age at which an autovacuum is forced on them?
SELECT oid::regclass::text, age, max_age
FROM (SELECT c.oid, pg_catalog.age(c.relfrozenxid) AS age,
             coalesce((SELECT pg_catalog.split_part(o, '=', 2)::int
                       FROM unnest(c.reloptions) AS o
                       WHERE o LIKE 'autovacuum_freeze_max_age=%%'),
                      pg_catalog.current_setting('autovacuum_freeze_max_age')::int) AS max_age
      FROM pg_catalog.pg_class AS c
      WHERE c.oid = ANY (%s::bigint[]::oid[]) AND c.relkind IN ('r', 'm') AND c.relfrozenxid <> '0') AS t
WHERE age > max_age
ORDER BY age DESC
