-- Which functions and procedures are there beside the system's, and what do the volatile ones do?
SELECT p.oid::bigint, p.proname::text, p.provolatile = 'v', l.lanname::text,
       CASE WHEN p.provolatile = 'v' AND d.objid IS NULL AND p.prosqlbody IS NULL AND l.lanname IN ('plpgsql', 'sql')
            THEN p.prosrc ELSE '' END,
       coalesce(e.extname::text, '')
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
