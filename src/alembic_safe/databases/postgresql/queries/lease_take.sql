-- Take a row that is not there, or that its holder has not renewed in time.
INSERT INTO journal.lease AS l (key, token, holder, taken, beat, seconds)
VALUES (%s, %s, %s, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), %s)
ON CONFLICT (key) DO UPDATE
   SET token = excluded.token, holder = excluded.holder, taken = excluded.taken, beat = excluded.beat,
       seconds = excluded.seconds
 WHERE l.beat < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => l.seconds)
RETURNING l.key
