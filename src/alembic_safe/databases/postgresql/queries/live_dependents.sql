-- What else hangs on these tables: (table, what it is for, name); views come with the relations they read.
SELECT d.refobjid::int8, 'reader', r.ev_class::int8::text
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
 WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%(oids)s::oid[])
   AND d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.ev_class <> d.refobjid
UNION
SELECT p.polrelid::int8, 'policy', p.polname::text
  FROM pg_catalog.pg_policy AS p WHERE p.polrelid = ANY (%(oids)s::oid[])
UNION
SELECT t.tgrelid::int8, 'trigger', concat_ws('|', t.tgname, n.nspname, f.proname)
  FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_proc AS f ON f.oid = t.tgfoid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
 WHERE t.tgrelid = ANY (%(oids)s::oid[]) AND NOT t.tgisinternal
UNION
SELECT c.oid::int8, 'publication', p.pubname::text
  FROM pg_catalog.pg_publication AS p
  JOIN pg_catalog.pg_class AS c ON c.oid = ANY (%(oids)s::oid[]) AND c.relkind IN ('r', 'p')
   AND c.relpersistence = 'p'
 WHERE p.puballtables
    OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel AS r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace AS s
                WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)
ORDER BY 1, 2, 3
