-- What the models of a run map, kept once for all runs.
INSERT INTO journal.mapping (digest, tables) VALUES (:mapping, :tables) ON CONFLICT (digest) DO NOTHING
