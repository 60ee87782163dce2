-- Which applications are connected to this database, by how many sessions?
SELECT application_name, count(*)
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database()
  -- of others' sessions a role without pg_read_all_stats sees name and user, but not the type
  AND usesysid IS NOT NULL
  AND coalesce(backend_type, 'client backend') = 'client backend'
  AND application_name <> ''
GROUP BY 1
ORDER BY 1
