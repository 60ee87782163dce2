-- Which applications are connected to this database, by how many sessions?
SELECT application_name, count(*)
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  AND backend_type = 'client backend'
  AND application_name <> ''
GROUP BY 1
ORDER BY 1
