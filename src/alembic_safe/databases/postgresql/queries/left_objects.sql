-- What statements that did not end leave, other than INVALID indexes: partitions half detached, and the tables that
-- alembic's batch mode copies into (with the name of the table that each stands for, where that still exists).
SELECT 'detach', pg_catalog.format('%I.%I', pn.nspname, p.relname), pg_catalog.format('%I.%I', cn.nspname, c.relname)
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
WHERE i.inhdetachpending
UNION ALL
SELECT 'batch', pg_catalog.format('%I.%I', n.nspname, c.relname),
       pg_catalog.to_regclass(pg_catalog.format('%I.%I', n.nspname, pg_catalog.substr(c.relname::text, 14)))::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relname LIKE '\_alembic\_tmp\_%'
ORDER BY 1, 2, 3
