-- Which indexes are INVALID, is another session at work on their table, and is one building this very index?
WITH others AS MATERIALIZED (
    SELECT l.relation, l.pid
    FROM pg_catalog.pg_locks AS l
    -- background processes, autovacuum among them, have no user
    JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid AND a.usesysid IS NOT NULL
    WHERE l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      -- the mode of a concurrent build
      AND l.mode = 'ShareUpdateExclusiveLock'
      AND l.granted
      AND l.pid <> pg_catalog.pg_backend_pid()
      -- no name of ours: nobody's session is ours, and one that has no name neither
      AND (%(own)s::text = '' OR coalesce(a.application_name, '') <> %(own)s::text::name::text)
)
SELECT i.indexrelid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relname::text,
       t.relname::text,
       EXISTS (SELECT FROM others AS o WHERE o.relation = i.indrelid),
       EXISTS (SELECT FROM others AS o
               JOIN pg_catalog.pg_stat_progress_create_index AS p ON p.pid = o.pid
               -- which index it is, is hidden from a role that may not see into that session
               WHERE o.relation = i.indrelid AND coalesce(p.index_relid, i.indexrelid) = i.indexrelid)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
-- the index of a partitioned table is INVALID until every partition has its own, on purpose
WHERE NOT i.indisvalid AND c.relkind = 'i'
ORDER BY 1
