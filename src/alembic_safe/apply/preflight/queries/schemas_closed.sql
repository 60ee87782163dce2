-- In which of these schemas, as far as they are there, may the role create nothing?
SELECT n.nspname::text
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_roles AS r ON r.rolname = %(role)s
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
ORDER BY 1
