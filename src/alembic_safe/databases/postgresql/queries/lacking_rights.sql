-- May this role make a database, give it another one's owner and tablespace, and rename both?
-- Source: createdb and RenameDatabase in src/backend/commands/dbcommands.c: to give it an owner takes SET ROLE to that
-- (before 16 any membership), to rename it the owner's privileges, which a membership without INHERIT does not bring.
SELECT me.rolsuper, me.rolcreatedb, pg_catalog.pg_get_userbyid(d.datdba)::text,
       pg_catalog.pg_has_role(d.datdba, 'MEMBER'),
       pg_catalog.pg_has_role(d.datdba, CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000
                                             THEN 'SET' ELSE 'MEMBER' END),
       pg_catalog.pg_has_role(d.datdba, 'USAGE'), t.spcname::text,
       d.dattablespace = (SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = 'template0')
           OR pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')
FROM pg_catalog.pg_roles AS me
CROSS JOIN pg_catalog.pg_database AS d
JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace
WHERE me.rolname = current_user AND d.datname = %s
