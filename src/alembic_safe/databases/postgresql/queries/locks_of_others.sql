-- locks that others hold on relations of people's in this database
SELECT l.relation::pg_catalog.int8, l.mode
  FROM pg_catalog.pg_locks AS l
 WHERE l.locktype = 'relation' AND l.granted AND l.relation >= 16384
   AND l.pid <> pg_catalog.pg_backend_pid()
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
