-- Which indexes are INVALID, and is somebody else at work on their table (in the mode of a concurrent build)?
SELECT i.indexrelid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relname::text,
       EXISTS (SELECT FROM pg_catalog.pg_locks AS l
               -- background processes, autovacuum among them, have no user
               JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid AND a.usesysid IS NOT NULL
               WHERE l.relation = i.indrelid
                 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                 AND l.mode = 'ShareUpdateExclusiveLock'
                 AND l.granted
                 AND coalesce(a.application_name, '') NOT LIKE 'alembic-safe/%')
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
-- the index of a partitioned table is INVALID until every partition has its own, on purpose
WHERE NOT i.indisvalid AND c.relkind = 'i'
ORDER BY 1
