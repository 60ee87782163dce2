-- Renew our rows; those that come back are still ours.
UPDATE journal.lease
   SET beat = pg_catalog.clock_timestamp()
 WHERE key = ANY (%s::bigint[])
   AND token = %s
RETURNING key
