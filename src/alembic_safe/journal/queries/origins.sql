-- Which database some runs were made on; those of an older format have no row.
SELECT run, system, address, named, oid
  FROM journal.run_origin
 WHERE run IN (:list)
