-- How long revisions of some runs were expected to take; those without a forecast have no row.
SELECT run, revision, seconds
  FROM journal.step_forecast
 WHERE run IN (:list)
