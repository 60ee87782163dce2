"""Data directories: one is made by initdb per version and account, every server gets a copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from alembic_safe.databases.postgresql.server.account import Account, publish
from alembic_safe.errors import UnreachableError

SUPERUSER = "postgres"

# Right for locks and results, wrong for timing a disk: nothing is flushed
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ALWAYS = {
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "track_io_timing": "on",
    "max_connections": "80",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %a ",
    "dynamic_shared_memory_type": "posix",
}
_AUTHENTICATION = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


def template(bindir: Path, version: str, account: Account, base: Path) -> Path:
    """The folder whose data directory is copied, made on first use (about 0.5 s).

    Raises `UnreachableError` with initdb's own words when that fails.
    """
    home = base / f"template-{version}-{account.uid}"
    if home.exists():
        return home
    new = Path(tempfile.mkdtemp(prefix="new-", dir=base))
    account.own(new)
    command = [str(bindir / "initdb"), "-D", str(new / "data"), "-U", SUPERUSER, "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=clean_environment(),
        **account.subprocess_arguments(),
    )
    if done.returncode != 0:
        shutil.rmtree(new)
        raise UnreachableError(
            f"initdb of PostgreSQL {version} failed",
            hint="Its own words stand below. `alembic-safe doctor` shows which servers are at hand.",
            detail=(done.stderr or done.stdout)[-2000:],
        )
    publish(new, home)
    return home


def copy(source: Path, folder: Path) -> Path:
    """Copy a template's data directory to `folder`/data with owners and modes; shares blocks where it can.

    Raises `OSError` in cp's own words.
    """
    reflink = ["--reflink=auto"] if sys.platform == "linux" else []
    command = ["cp", "-a", *reflink, str(source / "data"), str(folder / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(done.stderr.strip().rpartition("\n")[2] or f"cp ended with {done.returncode}")
    return folder / "data"


def configure(
    data: Path, socket_folder: Path, port: int, *, tcp: bool, durable: bool, extra: Mapping[str, str]
) -> None:
    """Write settings and authentication. In the file and not in argv, so that ALTER SYSTEM works in tests."""
    settings = {
        **_ALWAYS,
        **({} if durable else _QUICK),
        "unix_socket_directories": str(socket_folder),
        "port": str(port),
        "listen_addresses": "127.0.0.1" if tcp else "",
        **extra,
    }
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{_escaped(value)}'\n" for name, value in settings.items())
    (data / "pg_hba.conf").write_text(_AUTHENTICATION)


def clean_environment() -> dict[str, str]:
    """The environment for a server's programs: nothing of PG*, a locale and a zone that are always there."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
