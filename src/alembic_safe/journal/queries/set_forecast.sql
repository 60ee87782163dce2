-- How long a revision of this run is expected to take.
INSERT INTO journal.step_forecast (run, revision, seconds) VALUES (:run, :revision, :seconds)
ON CONFLICT (run, revision) DO UPDATE SET seconds = excluded.seconds
