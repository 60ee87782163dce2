-- Which publications publish what is made in the journal's schema, and does the journal stand there already?
SELECT p.pubname::text,
       pg_catalog.to_regclass(pg_catalog.format('%%I.run', %(schema)s::text)) IS NOT NULL
FROM pg_catalog.pg_publication AS p
WHERE p.puballtables
   OR EXISTS (SELECT 1
              FROM pg_catalog.pg_publication_namespace AS s
              JOIN pg_catalog.pg_namespace AS n ON n.oid = s.pnnspid
              WHERE s.pnpubid = p.oid AND n.nspname = %(schema)s)
ORDER BY 1
