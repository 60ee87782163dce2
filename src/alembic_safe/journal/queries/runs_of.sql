-- The newest runs on a target, newest first.
SELECT id, command, target, heads_before, began, tool_version, server_version, who, host, ci_link, heads_after,
       ended, outcome, backup, allowances, error
  FROM journal.own_run
 WHERE target = :target
 ORDER BY ordinal DESC
 LIMIT :number
