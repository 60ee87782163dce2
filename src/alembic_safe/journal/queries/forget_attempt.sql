-- The statements of an attempt that is made again: none of it was committed.
DELETE FROM journal.statement WHERE run = :run AND step = :step
