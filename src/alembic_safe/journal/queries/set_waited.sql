-- For how long all attempts at a step waited for locks, so far.
INSERT INTO journal.step_wait (run, ordinal, waited)
VALUES (:run, :step, :waited)
ON CONFLICT (run, ordinal) DO UPDATE SET waited = excluded.waited
