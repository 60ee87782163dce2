-- The code that a run is made with.
INSERT INTO journal.checkout (run, name, mapping) VALUES (:run, :checkout, :mapping)
