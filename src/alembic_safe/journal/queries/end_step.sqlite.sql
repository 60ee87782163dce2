-- A revision ended.
UPDATE journal.step
   SET outcome = :outcome, duration = :duration, error = :error, ended = :ended
 WHERE run = :run AND ordinal = :step
