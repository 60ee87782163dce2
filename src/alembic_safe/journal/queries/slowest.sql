-- The slowest statements of all runs.
SELECT s.revision, t.file, t.line, t.sql, t.duration
  FROM journal.statement AS t
  JOIN journal.step AS s ON s.run = t.run AND s.ordinal = t.step
  JOIN journal.own_run AS r ON r.id = s.run
 WHERE t.duration IS NOT NULL
 ORDER BY t.duration DESC, t.run, t.step, t.ordinal
 LIMIT :number
