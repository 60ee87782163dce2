-- The steps of some runs, in their order; the files' text is left out.
SELECT run, ordinal, revision, direction, began, checksum, '', transaction_id, ended, outcome, duration, error,
       attempts
  FROM journal.step
 WHERE run IN (:list)
 ORDER BY run, ordinal
