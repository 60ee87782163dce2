"""What each exit status means, once: for help and for the reference page."""

from __future__ import annotations

EXIT_MEANINGS: dict[int, str] = {
    0: "done, and read back; or nothing to do",
    1: "a bug of alembic-safe: an unexpected error",
    2: "usage, settings, or the project's own env.py or revisions are wrong",
    3: "refused; nothing was changed",
    4: "another run holds the deploy lock",
    5: "a revision failed or was interrupted; the target is clean, at a revision named in the message",
    6: "the target is dirty: part of an unfinished revision stands",
    7: "no backup could be made or verified; nothing was applied",
    8: "the database's revision is unknown to this checkout, or newer than it",
    9: "the database cannot be reached",
    10: "gave up waiting: the target is clean, and the same command may pass later",
}
