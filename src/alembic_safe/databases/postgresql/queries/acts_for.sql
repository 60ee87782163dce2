-- May this role give a database to another role, and still alter it then? See lacking_rights.
SELECT rolsuper
       OR pg_catalog.pg_has_role(%(owner)s, 'USAGE')
          AND pg_catalog.pg_has_role(%(owner)s,
                                     CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000
                                          THEN 'SET' ELSE 'MEMBER' END)
FROM pg_catalog.pg_roles
WHERE rolname = current_user
