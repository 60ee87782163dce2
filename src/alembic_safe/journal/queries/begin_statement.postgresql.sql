-- A statement that commits on its own is about to be sent: on disk before it is. The setting that is local to this
-- one transaction counts, for the commit record is written before settings are reset (xact.c, CommitTransaction).
INSERT INTO journal.statement (
    run, step, ordinal, digest, sql, file, line, began, duration, row_count, outcome, autocommit, error)
SELECT :run::text, :step::integer, :ordinal::integer, :digest::text, :sql::text, :file::text, :line::integer,
       :began::timestamptz, :duration::double precision, :row_count::bigint, :outcome::text, :autocommit::boolean,
       :error::text
  FROM set_config('synchronous_commit', :durable, true)
    ON CONFLICT (run, step, ordinal) DO UPDATE
       SET digest = excluded.digest, sql = excluded.sql, file = excluded.file, line = excluded.line,
           began = excluded.began, duration = excluded.duration, row_count = excluded.row_count,
           outcome = excluded.outcome, autocommit = excluded.autocommit, error = excluded.error
