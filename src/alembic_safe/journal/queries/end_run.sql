-- A run ended, by itself or closed by a later one.
UPDATE journal.run
   SET outcome = :outcome, heads_after = :heads_after, error = :error, ended = :ended
 WHERE id = :run
