"""What a history makes, kept as a dump by what it follows from, so that rehearsing its newest need not replay it all.

Dumps of clones, made by the server's own tool, in the user's cache folder: nothing of a target is in them. One whose
files are not as they were written is only ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.protocols import Database
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.filling import Dumped

_MOST = 6
_META = "base.json"


@dataclass(frozen=True, slots=True)
class KeptBase:
    """A place for one base state. Nothing here raises but what `tick` does."""

    folder: Path

    def read(self) -> Dumped | None:
        """The dump; None where there is none, or something else."""
        try:
            told = json.loads((self.folder / _META).read_text(encoding="utf-8"))
            files = {file.name: file.stat().st_size for file in (self.folder / "dump").iterdir()}
            if told["files"] != files:
                return None
            os.utime(self.folder)
            return Dumped(self.folder / "dump", str(told["tool_version"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, database: Database, bindir: Path | None, tick: Callable[[], None]) -> None:
        """Dump a clone that stands there, and keep no more than a few."""
        beside = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
        with contextlib.suppress(OSError, AlembicSafeError):
            tool = database.dump_tool(bindir)
            tool.check("none")
            dump = beside / "dump"
            dump.mkdir(parents=True, mode=0o700)
            tool.write(dump, jobs=1, compression="none", tick=tick)
            files = {file.name: file.stat().st_size for file in dump.iterdir()}
            told = {"tool_version": tool.version, "files": files}
            (beside / _META).write_text(json.dumps(told), encoding="utf-8")
            shutil.rmtree(self.folder, ignore_errors=True)
            beside.rename(self.folder)
            self._prune()
        shutil.rmtree(beside, ignore_errors=True)

    def forget(self) -> None:
        """It is of no use here."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prune(self) -> None:
        kept = [one for one in self.folder.parent.iterdir() if not one.name.startswith(".")]
        for old in sorted(kept, key=lambda one: -one.stat().st_mtime)[_MOST:]:
            shutil.rmtree(old, ignore_errors=True)


def kept_base(folder: Path | None, *follows_from: str) -> KeptBase | None:
    """The place for what follows from all these; None where nothing can be kept."""
    if folder is None:
        return None
    key = hashlib.sha256("\0".join(follows_from).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return KeptBase(folder / key)
