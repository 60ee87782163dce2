-- Which databases bear a mark of ours, and have nobody on them?
SELECT d.datname::text, c.said
FROM pg_catalog.pg_database AS d
CROSS JOIN LATERAL (SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS said) AS c
WHERE pg_catalog.starts_with(c.said, 'alembic-safe: ')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid
                    AND a.usesysid IS NOT NULL) -- autovacuum is nobody
ORDER BY 1
