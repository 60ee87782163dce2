-- Give our own session settings that the role's, the database's or the project's cannot spoil (those the server knows).
SELECT pg_catalog.set_config(s.name, s.value, false)
FROM (VALUES ('statement_timeout', '0'),
             ('lock_timeout', '30s'),
             ('transaction_timeout', '0'),
             ('idle_session_timeout', '0'),
             ('idle_in_transaction_session_timeout', '0'),
             ('DateStyle', 'ISO, YMD'),
             ('IntervalStyle', 'postgres'),
             ('TimeZone', 'UTC'),
             ('bytea_output', 'hex')) AS s (name, value)
WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL
  -- Behind a pooler nothing is set: it would stay on a session that the application is given next.
  AND pg_catalog.pg_backend_pid() = %s
