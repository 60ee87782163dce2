"""What the statements of some revisions follow from, as a digest: their files, and what those were made with."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import alembic
import sqlalchemy
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from alembic_safe import __version__
from alembic_safe.bridge.messages import Job

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OWN = str(Path(__file__).parents[2])


def history_digest(job: Job, config: Config, revisions: Iterable[Script]) -> str:
    """A digest (hex) that differs where the statements may: of the revisions, in order, and of the project's other
    modules that they have imported by now, whatever their files are called.

    What a revision imports only while it runs, or reads from the environment, is not in it.
    """
    digest = hashlib.sha256()
    made_with = (
        __version__,
        alembic.__version__,
        sqlalchemy.__version__,
        sys.version,
        str(job.server_version),
    )
    for text in (*made_with, *job.x_arguments, job.section):
        digest.update(text.encode("utf-8", "surrogateescape") + b"\0")
    for found in revisions:
        digest.update(f"{found.revision}\0{found.down_revision!r}\0".encode())
        digest.update(_content(found.path))
    for path in sorted(_modules()):
        digest.update(_content(path))
    for path in filter(None, (config.config_file_name, getattr(config, "toml_file_name", None))):
        digest.update(_content(str(path)))
    return digest.hexdigest()


def project_digest(job: Job, config: Config, script: ScriptDirectory) -> str:
    """A digest (hex) of the whole history and of env.py, once that has been executed: see `history_digest`."""
    revisions = sorted(script.walk_revisions(), key=lambda one: str(one.revision))
    env_py = _content(str(Path(script.dir, "env.py")))
    return hashlib.sha256(env_py + history_digest(job, config, revisions).encode()).hexdigest()


def _modules() -> set[str]:
    """The files of the project's own modules that are loaded."""
    files = {getattr(module, "__file__", None) for module in tuple(sys.modules.values())}
    return {
        file
        for file in files
        if isinstance(file, str) and not file.startswith((*_LIBRARIES, _OWN)) and file.endswith(".py")
    }


def _content(path: str) -> bytes:
    try:
        return hashlib.sha256(Path(path).read_bytes()).digest()
    except OSError:
        return b"gone"
