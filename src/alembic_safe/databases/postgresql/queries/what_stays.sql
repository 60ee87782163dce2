-- What is bound to a database (not to its name) and would stay with the old one?
SELECT 'logical replication slot', slot_name::text,
       CASE WHEN active THEN 'in use now' ELSE 'not in use now' END
FROM pg_catalog.pg_replication_slots
WHERE database = %(name)s
UNION ALL
SELECT 'subscription', subname::text, CASE WHEN subenabled THEN 'enabled' ELSE 'disabled' END
FROM pg_catalog.pg_subscription
WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = %(name)s)
UNION ALL
SELECT 'prepared transaction', gid, 'of ' || owner::text || ' since ' || to_char(prepared, 'YYYY-MM-DD HH24:MI:SS')
FROM pg_catalog.pg_prepared_xacts
WHERE database = %(name)s
ORDER BY 1, 2
