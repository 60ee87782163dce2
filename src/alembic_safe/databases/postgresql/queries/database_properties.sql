-- What belongs to a database itself and is in no dump of it? (Columns differ by version, so the row as a whole.)
SELECT pg_catalog.to_jsonb(d)
           || pg_catalog.jsonb_build_object(
               'owner', pg_catalog.pg_get_userbyid(d.datdba),
               'encoding_name', pg_catalog.pg_encoding_to_char(d.encoding),
               'tablespace', (SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid = d.dattablespace),
               'tablespace_by_default', d.dattablespace = (SELECT dattablespace FROM pg_catalog.pg_database
                                                           WHERE datname = 'template0'),
               'tablespace_open', pg_catalog.has_tablespace_privilege(d.dattablespace, 'CREATE'),
               'comment', pg_catalog.shobj_description(d.oid, 'pg_database')),
       ARRAY(SELECT pg_catalog.jsonb_build_array(coalesce(r.rolname, ''), setting)
             FROM pg_catalog.pg_db_role_setting AS s
             LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
             CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c (setting, place)
             WHERE s.setdatabase = d.oid AND (s.setrole = 0 OR r.oid IS NOT NULL)
             ORDER BY 1, c.place),
       ARRAY(SELECT pg_catalog.jsonb_build_array(
                        pg_catalog.pg_get_userbyid(a.grantor),
                        CASE WHEN a.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END,
                        a.privilege_type, a.is_grantable)
             FROM pg_catalog.aclexplode(d.datacl) AS a
             ORDER BY 1),
       ARRAY(SELECT pg_catalog.jsonb_build_array(l.provider, l.label)
             FROM pg_catalog.pg_shseclabel AS l
             WHERE l.objoid = d.oid AND l.classoid = 'pg_catalog.pg_database'::regclass
             ORDER BY 1)
FROM pg_catalog.pg_database AS d
WHERE d.datname = %s
