-- Which backups do runs still need: those without an end, or dirty, that no good run followed; and each target's last?
SELECT r.backup, r.id, r.outcome
  FROM journal.run AS r
 WHERE r.backup IS NOT NULL
   AND ((r.outcome IN ('unfinished', 'dirty')
         AND NOT EXISTS (SELECT 1 FROM journal.run AS later
                          WHERE later.target = r.target AND later.ordinal > r.ordinal
                            AND later.outcome IN ('done', 'nothing')))
        OR r.ordinal = (SELECT max(last.ordinal) FROM journal.run AS last
                         WHERE last.target = r.target AND last.backup IS NOT NULL))
 ORDER BY r.ordinal
