-- The command of a run ended with exit status 0.
UPDATE journal.checkout SET ended_well = :well WHERE run = :run
