-- How long some revisions took when each was last committed.
SELECT revision, duration
  FROM (SELECT s.revision, s.duration,
               row_number() OVER (PARTITION BY s.revision ORDER BY r.ordinal DESC, s.ordinal DESC) AS age
          FROM journal.step AS s
          JOIN journal.own_run AS r ON r.id = s.run
         WHERE s.direction = :direction
           AND s.outcome = 'committed'
           AND s.duration IS NOT NULL
           AND s.revision IN (:list)) AS known
 WHERE age = 1
