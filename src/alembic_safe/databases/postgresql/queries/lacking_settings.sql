-- Which settings of a database, and of roles in it, may this role not give to another one?
-- Source: AlterSetting and AlterRoleSet (src/backend/commands/user.c), validate_option_array_item (guc.c):
-- what is not for every user, and a name that no library knows, needs SET on the parameter.
SELECT DISTINCT coalesce(r.rolname::text, ''), c.name
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
JOIN pg_catalog.pg_roles AS me ON me.rolname = current_user AND NOT me.rolsuper
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL (SELECT pg_catalog.split_part(one, '=', 1) AS name
                    FROM pg_catalog.unnest(s.setconfig) AS one) AS c
LEFT JOIN pg_catalog.pg_settings AS known ON known.name = c.name
WHERE d.datname = %s
  AND (s.setrole = 0 OR r.oid IS NOT NULL)
  AND (known.context IS DISTINCT FROM 'user'
           AND NOT pg_catalog.has_parameter_privilege(c.name, 'SET')
       OR r.oid IS NOT NULL AND r.oid <> me.oid
           AND (r.rolsuper OR NOT me.rolcreaterole
                OR pg_catalog.current_setting('server_version_num')::int >= 160000
                   AND NOT pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')))
ORDER BY 1, 2
