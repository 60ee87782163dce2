-- Some statements of a step that has very many; the last of them are written with its end.
INSERT INTO journal.statement (
    run, step, ordinal, digest, sql, file, line, began, duration, row_count, outcome, autocommit, error)
SELECT :run::text, :step::integer, g.ordinal, g.digest, g.sql, g.file, g.line, g.began, g.duration, g.row_count,
       g.outcome, g.autocommit, g.error
  FROM json_to_recordset(:statements::json) AS g (
       ordinal integer, digest text, sql text, file text, line integer, began timestamptz,
       duration double precision, row_count bigint, outcome text, autocommit boolean, error text)
    ON CONFLICT (run, step, ordinal) DO UPDATE
       SET digest = excluded.digest, sql = excluded.sql, file = excluded.file, line = excluded.line,
           began = excluded.began, duration = excluded.duration, row_count = excluded.row_count,
           outcome = excluded.outcome, autocommit = excluded.autocommit, error = excluded.error
