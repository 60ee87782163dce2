-- A statement that commits on its own ended.
UPDATE journal.statement
   SET outcome = :outcome, duration = :duration, row_count = :row_count, error = :error
 WHERE run = :run AND step = :step AND ordinal = :ordinal
