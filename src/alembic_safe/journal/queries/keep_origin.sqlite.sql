-- Which database a run is made on.
INSERT INTO journal.run_origin (run, system, address, named, oid) VALUES (:id, :system, :address, :named, :oid)
