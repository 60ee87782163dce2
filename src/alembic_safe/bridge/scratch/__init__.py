"""Running a project's revisions on clones instead of its database, and telling what they executed.

`replay` plays one worker on clones that are there; `played` makes them as they are asked for, and cures what a
private server can be cured of (a role that is expected, an extension that another server at hand has). Nothing
here, and no code of the project, reaches the project's own database: see `bridge.worker.redirecting`.
"""

from alembic_safe.bridge.scratch.observing import Observer
from alembic_safe.bridge.scratch.playing import Played, played
from alembic_safe.bridge.scratch.replaying import Fault, Replayed, ReplayedTarget, replay

__all__ = ["Fault", "Observer", "Played", "Replayed", "ReplayedTarget", "played", "replay"]
