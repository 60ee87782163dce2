-- A statement, as it is known now.
INSERT INTO journal.statement (
    run, step, ordinal, digest, sql, file, line, began, duration, row_count, outcome, autocommit, error
) VALUES (
    :run, :step, :ordinal, :digest, :sql, :file, :line, :began, :duration, :row_count, :outcome, :autocommit, :error
)
ON CONFLICT (run, step, ordinal) DO UPDATE
   SET digest = excluded.digest, sql = excluded.sql, file = excluded.file, line = excluded.line,
       began = excluded.began, duration = excluded.duration, row_count = excluded.row_count,
       outcome = excluded.outcome, autocommit = excluded.autocommit, error = excluded.error
