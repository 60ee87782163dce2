-- The statements of some runs, in their order.
SELECT run, step, ordinal, digest, sql, file, line, began, duration, row_count, outcome, autocommit, error
  FROM journal.statement
 WHERE run IN (:list)
 ORDER BY run, step, ordinal
