-- What was mapped at the newest run on a target that ended well with other code.
SELECT m.tables
  FROM journal.checkout AS c
  JOIN journal.own_run AS r ON r.id = c.run
  LEFT JOIN journal.mapping AS m ON m.digest = c.mapping
 WHERE r.target = :target AND c.name <> :checkout AND c.ended_well = :well
 ORDER BY r.ordinal DESC
 LIMIT 1
