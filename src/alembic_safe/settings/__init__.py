"""Files, environment and flags to one validated `Settings`, split into policies."""

from alembic_safe.settings.loading import load_settings
from alembic_safe.settings.settings import (
    EffectiveValue,
    HistoryQuery,
    OutputFormat,
    OutputPolicy,
    Settings,
    StatusQuery,
)

__all__ = [
    "EffectiveValue",
    "HistoryQuery",
    "OutputFormat",
    "OutputPolicy",
    "Settings",
    "StatusQuery",
    "load_settings",
]
