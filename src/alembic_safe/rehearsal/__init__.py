"""Revisions on a clone: fill it, look on while they run, and say what was seen and what to expect of the target."""
