"""The bridge to alembic: workers that execute env.py, and what they tell.

Nobody else imports alembic. The supervisor's side (`Workers`, `Worker`, messages) imports neither alembic
nor SQLAlchemy; the worker's side is `alembic_safe.bridge.worker`.

What is offered here is imported when it is asked for: a worker, and what starts the fork server before the
command line is read, need next to nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_safe.quick import lazily

if TYPE_CHECKING:
    from alembic_safe.bridge.channel import Channel, ChannelClosedError
    from alembic_safe.bridge.fork_server import discard_prestarted, prestart
    from alembic_safe.bridge.launcher import Workers
    from alembic_safe.bridge.worker_handle import Worker

__all__ = ["Channel", "ChannelClosedError", "Worker", "Workers", "discard_prestarted", "prestart"]

_HOMES = {
    "Channel": "channel",
    "ChannelClosedError": "channel",
    "Worker": "worker_handle",
    "Workers": "launcher",
    "discard_prestarted": "fork_server",
    "prestart": "fork_server",
}


__getattr__ = lazily(__name__, _HOMES)
