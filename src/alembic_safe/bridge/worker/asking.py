"""Whether a revision asks if it is only rendered: what it then shows need not be what it does to a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext

from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.model.revisions import Source

# these ask for their own sake: what they show in either way is the same
_LIBRARIES = ("alembic.", "sqlalchemy.", "alembic_safe.")


class Asked:
    """Notes the first question. `at` is where it was put; None as long as there was none."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self.at: Source | None = None

    @contextmanager
    def watched(self, environment: EnvironmentContext, context: MigrationContext) -> Iterator[None]:
        """Listen to `context.is_offline_mode()` and `.as_sql` while a revision is rendered."""
        real: Any = environment
        note = self._note

        # the base is the class of this very context, an alembic's or a project's own: mypy knows no such type
        class Watched(type(context)):  # type: ignore[misc]
            """The context, which tells who reads its mode."""

            @property
            def as_sql(self) -> bool:
                note()
                return True

            @as_sql.setter
            def as_sql(self, value: bool) -> None:
                pass

        def is_offline_mode() -> bool:
            note()
            return True

        kept = type(context)
        context.__class__ = Watched
        real.is_offline_mode = is_offline_mode
        try:
            yield
        finally:
            del real.is_offline_mode
            context.__class__ = kept

    def _note(self) -> None:
        # the frame that reads: past this method and the property or function that called it; alembic.context's
        # proxies stand between a revision and the environment
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_name == "is_offline_mode":
            frame = frame.f_back
        name = str(frame.f_globals.get("__name__", ""))
        if self.at is None and not f"{name}.".startswith(_LIBRARIES):
            self.at = self._locator.here()
