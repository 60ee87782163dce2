-- The runs on a target that began since a moment, newest first.
SELECT id, command, target, heads_before, began, tool_version, server_version, who, host, ci_link, heads_after,
       ended, outcome, backup, allowances, error
  FROM journal.own_run
 WHERE target = :target
   AND began >= :since
 ORDER BY ordinal DESC
