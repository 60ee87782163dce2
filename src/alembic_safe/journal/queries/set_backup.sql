-- The backup that a run made.
UPDATE journal.run SET backup = :backup WHERE id = :run
