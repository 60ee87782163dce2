-- For how long steps of some runs waited for locks; those that did not have no row.
SELECT run, ordinal, waited
  FROM journal.step_wait
 WHERE run IN (:list)
