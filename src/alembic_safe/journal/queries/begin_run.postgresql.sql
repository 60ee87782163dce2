-- A run begins, on this database.
WITH begun AS (
    INSERT INTO journal.run (
        id, command, target, heads_before, heads_after, began, ended, outcome, tool_version, server_version,
        who, host, ci_link, backup, allowances, error
    ) VALUES (
        :id, :command, :target, :heads_before, :heads_after, :began, :ended, :outcome, :tool_version, :server_version,
        :who, :host, :ci_link, :backup, :allowances, :error
    )
)
INSERT INTO journal.run_origin (run, system, address, named, oid)
VALUES (:id, :system, :address, :named, :oid)
