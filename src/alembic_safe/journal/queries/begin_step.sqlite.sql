-- A revision begins, or begins again.
INSERT INTO journal.step (
    run, ordinal, revision, direction, transaction_id, began, ended, outcome, attempts, duration, checksum, error
) VALUES (
    :run, :ordinal, :revision, :direction, :transaction_id, :began, :ended, :outcome, :attempts, :duration,
    :checksum, :error
)
ON CONFLICT (run, ordinal) DO UPDATE
   SET revision = excluded.revision, direction = excluded.direction, transaction_id = excluded.transaction_id,
       began = excluded.began, ended = excluded.ended, outcome = excluded.outcome, attempts = excluded.attempts,
       duration = excluded.duration, checksum = excluded.checksum, error = excluded.error
