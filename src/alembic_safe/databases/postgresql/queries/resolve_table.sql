-- In which schema does an unqualified table name lie on our search_path, or would be made?
SELECT coalesce((SELECT n.nspname::text
                 FROM pg_catalog.pg_class AS c
                 JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(%s))),
                pg_catalog.current_schema()::text,
                '')
