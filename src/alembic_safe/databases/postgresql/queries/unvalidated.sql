-- Which constraints hold for new rows alone?
SELECT pg_catalog.format('%I on %s', c.conname, c.conrelid::regclass)
FROM pg_catalog.pg_constraint AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace
WHERE NOT c.convalidated AND c.conrelid <> 0 AND c.conparentid = 0
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
