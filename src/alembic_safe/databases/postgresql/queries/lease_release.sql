-- Give our rows back.
DELETE FROM journal.lease
WHERE key = ANY (%s::bigint[])
  AND token = %s
RETURNING key
