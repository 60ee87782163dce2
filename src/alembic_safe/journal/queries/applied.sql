-- Which of some revisions are applied on a target, by the newest step of each that was committed?
SELECT revision
  FROM (SELECT s.revision, s.direction,
               row_number() OVER (PARTITION BY s.revision ORDER BY r.ordinal DESC, s.ordinal DESC) AS age
          FROM journal.step AS s
          JOIN journal.own_run AS r ON r.id = s.run
         WHERE r.target = :target
           AND s.outcome = 'committed'
           AND s.revision IN (:list)) AS known
 WHERE age = 1
   AND direction = 'upgrade'
