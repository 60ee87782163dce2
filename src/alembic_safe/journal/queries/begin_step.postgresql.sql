-- A revision begins, or begins again; its file's text is kept once for all runs.
WITH file AS (
    INSERT INTO journal.revision_file (checksum, text)
    SELECT :checksum::text, :text::text
     WHERE :text::text <> ''
        ON CONFLICT (checksum) DO NOTHING
)
INSERT INTO journal.step (
    run, ordinal, revision, direction, transaction_id, began, ended, outcome, attempts, duration, checksum, error
) VALUES (
    :run, :ordinal, :revision, :direction, :transaction_id, :began, :ended, :outcome, :attempts, :duration,
    :checksum::text, :error
)
ON CONFLICT (run, ordinal) DO UPDATE
   SET revision = excluded.revision, direction = excluded.direction, transaction_id = excluded.transaction_id,
       began = excluded.began, ended = excluded.ended, outcome = excluded.outcome, attempts = excluded.attempts,
       duration = excluded.duration, checksum = excluded.checksum, error = excluded.error
