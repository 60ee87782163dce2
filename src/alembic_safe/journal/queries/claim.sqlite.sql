-- The runs of a file that was of one database alone are of the database that it is first used for now.
INSERT INTO journal.run_origin (run, system, address, named, oid)
SELECT id, :system, :address, :named, :oid FROM journal.run
