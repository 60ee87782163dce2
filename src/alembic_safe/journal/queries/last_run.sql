-- The newest run on a target.
SELECT id, command, target, heads_before, began, tool_version, server_version, who, host, ci_link, heads_after,
       ended, outcome, backup, allowances, error
  FROM journal.own_run
 WHERE target = :target
 ORDER BY ordinal DESC
 LIMIT 1
