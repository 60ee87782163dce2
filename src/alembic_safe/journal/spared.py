"""A journal whose faults stop nothing: for the end of a run, which is read and said though it cannot be written."""

from __future__ import annotations

from typing import Any

from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.journal.journal import Journal


class SparedJournal(Journal):
    """Writes as `of` does; the first thing that could not be written is kept in `fault`, "" while there is none.

    What is missing then is what a kill leaves, and is settled the same way. Raises `UnreachableError` all the same.
    """

    def __init__(self, of: Journal) -> None:
        super().__init__(of.store, owned=False, durable=of._durable)
        self._of = of
        self.fault = ""

    def begin_step(self, *args: Any, **kwargs: Any) -> None:
        self._spare("begin_step", args, kwargs)

    def set_transaction(self, *args: Any, **kwargs: Any) -> None:
        self._spare("set_transaction", args, kwargs)

    def write_statements(self, *args: Any, **kwargs: Any) -> None:
        self._spare("write_statements", args, kwargs)

    def end_step(self, *args: Any, **kwargs: Any) -> None:
        self._spare("end_step", args, kwargs)

    def set_waited(self, *args: Any, **kwargs: Any) -> None:
        self._spare("set_waited", args, kwargs)

    def end_run(self, *args: Any, **kwargs: Any) -> None:
        self._spare("end_run", args, kwargs)

    def _spare(self, name: str, args: Any, kwargs: Any) -> None:
        try:
            getattr(self._of, name)(*args, **kwargs)
        except UnreachableError:
            raise
        except AlembicSafeError as error:
            self.fault = self.fault or error.message
