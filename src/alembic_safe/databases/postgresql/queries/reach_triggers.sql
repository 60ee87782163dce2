-- Which triggers of users' fire, and which rules do something else or as well, when rows change?
SELECT tgrelid::bigint, tgname::text, tgtype::int, tgfoid::bigint
  FROM pg_catalog.pg_trigger
 WHERE NOT tgisinternal AND tgenabled <> 'D'
UNION ALL
SELECT ev_class::bigint, rulename::text, CASE ev_type WHEN '2' THEN 16 WHEN '3' THEN 4 WHEN '4' THEN 8 END, 0
  FROM pg_catalog.pg_rewrite
 WHERE ev_type IN ('2', '3', '4') AND ev_enabled <> 'D'
