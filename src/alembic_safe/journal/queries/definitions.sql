-- The statements about tables or schemas of the steps that were committed on a target, in their order.
SELECT s.revision, s.direction, t.sql
  FROM journal.statement AS t
  JOIN journal.step AS s ON s.run = t.run AND s.ordinal = t.step
  JOIN journal.own_run AS r ON r.id = s.run
 WHERE r.target = :target
   AND s.outcome = 'committed'
   AND t.outcome = 'done'
   AND (lower(t.sql) LIKE :tables OR lower(t.sql) LIKE :schemas OR lower(t.sql) LIKE :owned)
 ORDER BY r.ordinal, s.ordinal, t.ordinal
