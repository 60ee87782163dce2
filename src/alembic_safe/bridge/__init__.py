"""The bridge to alembic: workers that execute env.py, and what they tell.

Nobody else imports alembic. The supervisor's side (`Workers`, `Worker`, messages) imports neither alembic
nor SQLAlchemy; the worker's side is `alembic_safe.bridge.worker`.
"""

from alembic_safe.bridge.channel import Channel, ChannelClosedError
from alembic_safe.bridge.launcher import Workers, discard_prestarted, prestart
from alembic_safe.bridge.worker_handle import Worker

__all__ = ["Channel", "ChannelClosedError", "Worker", "Workers", "discard_prestarted", "prestart"]
