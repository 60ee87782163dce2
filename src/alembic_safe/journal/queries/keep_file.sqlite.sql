-- The text of a revision's file, kept once for all runs.
INSERT INTO journal.revision_file (checksum, text) VALUES (:checksum, :text) ON CONFLICT (checksum) DO NOTHING
