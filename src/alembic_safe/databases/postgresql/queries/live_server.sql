-- Which time zone has a session here, and which indexes are marked invalid? (Schema empty: on the search_path.)
SELECT pg_catalog.current_setting('TimeZone'),
       ARRAY(SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN '' ELSE n.nspname::text END
                    || E'\t' || c.relname::text
               FROM pg_catalog.pg_index AS i
               JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i'
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
              WHERE NOT i.indisvalid AND n.nspname NOT IN ('pg_toast', 'pg_catalog')
              ORDER BY 1)
