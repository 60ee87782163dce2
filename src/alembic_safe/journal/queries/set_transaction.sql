-- The transaction that is about to commit a step.
UPDATE journal.step SET transaction_id = :transaction_id WHERE run = :run AND ordinal = :step
