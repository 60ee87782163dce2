-- As backups_needed, where several databases may have their runs in one file: each run is followed by its database's.
WITH known AS (
    SELECT one.ordinal, one.id, one.backup, one.outcome, one.target,
           coalesce(made.system || ' ' || made.address || ' ' || made.named, '') AS place
      FROM journal.run AS one
      LEFT JOIN journal.run_origin AS made ON made.run = one.id
)
SELECT r.backup, r.id, r.outcome
  FROM known AS r
 WHERE r.backup IS NOT NULL
   AND ((r.outcome IN ('unfinished', 'dirty')
         AND NOT EXISTS (SELECT 1 FROM known AS later
                          WHERE later.target = r.target AND later.place = r.place AND later.ordinal > r.ordinal
                            AND later.outcome IN ('done', 'nothing')))
        OR r.ordinal = (SELECT max(last.ordinal) FROM known AS last
                         WHERE last.target = r.target AND last.place = r.place AND last.backup IS NOT NULL))
 ORDER BY r.ordinal
