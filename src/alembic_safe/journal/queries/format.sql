-- The format of the journal, and the tool that made it.
SELECT format, tool_version FROM journal.meta ORDER BY format DESC LIMIT 1
