-- Of which standbys may this role not see how far they are? (A walsender always has a state.)
SELECT coalesce(nullif(application_name, ''), 'pid ' || pid), pg_catalog.quote_ident(current_user)
FROM pg_catalog.pg_stat_replication
WHERE state IS NULL
  AND application_name <> 'pg_basebackup'
ORDER BY 1
