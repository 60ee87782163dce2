-- May this role make a database and give it another one's owner and tablespace?
SELECT me.rolsuper, me.rolcreatedb, pg_catalog.pg_get_userbyid(d.datdba)::text,
       pg_catalog.pg_has_role(d.datdba, 'MEMBER'), t.spcname::text,
       d.dattablespace = (SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = 'template0')
           OR pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')
FROM pg_catalog.pg_roles AS me
CROSS JOIN pg_catalog.pg_database AS d
JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace
WHERE me.rolname = current_user AND d.datname = %s
