-- The newest runs, or one run.
SELECT id, command, target, heads_before, began, tool_version, server_version, who, host, ci_link, heads_after,
       ended, outcome, backup, allowances, error
  FROM journal.own_run
 WHERE CAST(:run AS text) IS NULL OR id = :run
 ORDER BY ordinal DESC
 LIMIT :number
