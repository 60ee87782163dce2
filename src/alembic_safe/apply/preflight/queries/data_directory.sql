-- Where does the server keep its data, if we came by a socket of this machine and may be told?
SELECT setting
FROM pg_catalog.pg_settings
WHERE name = 'data_directory'
  AND pg_catalog.inet_server_addr() IS NULL
