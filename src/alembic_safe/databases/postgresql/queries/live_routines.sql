-- What do these functions and procedures do, and those whose names stand in their bodies?
WITH RECURSIVE own AS (
  SELECT p.oid, p.proname::text AS name, p.prosrc
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND l.lanname IN ('sql', 'plpgsql')
     AND p.prokind IN ('f', 'p')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
), called AS (
  SELECT oid FROM own WHERE name = ANY (%(names)s::text[])
  UNION
  SELECT o.oid FROM called AS c JOIN own AS b ON b.oid = c.oid
    JOIN own AS o ON position(o.name || '(' IN b.prosrc) > 0
)
SELECT n.nspname::text, p.proname::text, pg_catalog.pg_function_is_visible(p.oid),
       pg_catalog.pg_get_functiondef(p.oid)
  FROM called AS c
  JOIN pg_catalog.pg_proc AS p ON p.oid = c.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 ORDER BY 1, 2, 4
