"""The guard: a process that watches, from its own connection, who waits for a run's sessions, and ends the wait.

`judging` decides, `process` looks and acts, `handle` is the supervisor's side.
"""
