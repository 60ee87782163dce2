-- Where does the journal stand in this database, and what may this role do there?
-- Asked of the system catalog, which answers a role that may not even look into the schema.
SELECT n.oid IS NOT NULL,
       coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
       coalesce(has_schema_privilege(n.oid, 'CREATE'), false),
       has_database_privilege(current_database(), 'CREATE'),
       t.has_meta,
       t.may_read,
       t.may_write,
       current_user::text,
       current_database()::text,
       current_setting('server_encoding') = 'UTF8' AND current_setting('client_encoding') = 'UTF8',
       current_setting('synchronous_commit'),
       current_setting('transaction_read_only') = 'on'
  FROM (SELECT 1) AS one
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = :schema
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(c.relname = 'meta'), false) AS has_meta,
              coalesce(bool_and(has_table_privilege(c.oid, 'SELECT')), false) AS may_read,
              coalesce(bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                AND has_table_privilege(c.oid, 'DELETE')), false) AS may_write
         FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = n.oid
          AND c.relkind IN ('r', 'p')
          AND c.relname IN ('meta', 'run', 'step', 'statement', 'revision_file', 'mapping', 'checkout')) AS t
