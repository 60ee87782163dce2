-- Runs on a target whose end was never written, newest first.
SELECT id, command, target, heads_before, began, tool_version, server_version, who, host, ci_link, heads_after,
       ended, outcome, backup, allowances, error
  FROM journal.own_run
 WHERE target = :target AND outcome = 'unfinished'
 ORDER BY ordinal DESC
