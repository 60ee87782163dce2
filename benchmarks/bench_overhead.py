"""300 small revisions on PostgreSQL, against raw alembic with transaction_per_migration=True; and `--help`.

Bars: wall time at most 1.15 times raw alembic's plus 1.0 s, backup off, default server settings (fsync on);
`alembic-safe --help` in at most half the time of `alembic --help`. Median of 5 pairs. Exit status 1 over a bar.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import alembic_safe
from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from benchmarks.paired import pairs, timed

REVISIONS = 300
_BIN = Path(sys.executable).parent


def _revision(number: int) -> str:
    down = f'"r{number - 1:04}"' if number > 1 else "None"
    return (
        f'"""revision {number}"""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision = "r{number:04}"\ndown_revision = {down}\n\n\n'
        "def upgrade():\n"
        f'    op.create_table("t{number:04}", sa.Column("id", sa.Integer, primary_key=True), '
        'sa.Column("name", sa.Text))\n'
        f'    op.create_index("ix{number:04}", "t{number:04}", ["name"])\n\n\n'
        f'def downgrade():\n    op.drop_table("t{number:04}")\n'
    )


def make_project(folder: Path) -> Path:
    """A stock generic project with the revisions; the URL comes from BENCH_URL."""
    subprocess.run(
        [_BIN / "alembic", "-q", "init", "migrations"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    env = folder / "migrations/env.py"
    text = env.read_text().replace(
        "config = context.config\n",
        'import os\nconfig = context.config\nconfig.set_main_option("sqlalchemy.url", os.environ["BENCH_URL"])\n',
        1,
    )
    text = text.replace(
        "connection=connection, target_metadata=target_metadata",
        "connection=connection, target_metadata=target_metadata, transaction_per_migration=True",
    )
    if "transaction_per_migration=True" not in text:
        raise SystemExit("alembic's template has changed: adapt this benchmark")
    env.write_text(text)
    for number in range(1, REVISIONS + 1):
        (folder / f"migrations/versions/r{number:04}.py").write_text(_revision(number))
    return folder


def run(command: list[str], folder: Path, server: TemporaryServer, name: str, before: str = "") -> float:
    """Seconds to migrate a fresh database, in which the SQL `before` was run."""
    server.create_database(name)
    if before:
        with server.connect(name) as connection:
            connection.execute(before.encode())
    environment = {**os.environ, "BENCH_URL": server.url("psycopg", name)}
    # Python keeps what it compiled, as where revisions are deployed; or each of our two workers compiles them all
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def execute() -> None:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)

    return timed(execute)


def main() -> int:
    # as an installation from a wheel compiles it, and alembic was; a checkout's source may never be
    # (PYTHONDONTWRITEBYTECODE)
    compileall.compile_dir(Path(alembic_safe.__file__).parent, quiet=2)
    binaries = max(find_binaries(), key=lambda found: found.major)
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries, durable=True) as server:
        project = make_project(Path(folder))
        count = iter(range(100))
        ours = [str(_BIN / "alembic-safe"), "upgrade", "--no-backup=benchmark", "--quiet"]
        theirs = [str(_BIN / "alembic"), "upgrade", "head"]
        measured = pairs(
            lambda: run(ours, project, server, f"ours{next(count)}"),
            lambda: run(theirs, project, server, f"theirs{next(count)}"),
        )
    bar = 1.15 * measured.median_theirs + 1.0
    print(
        f"{REVISIONS} revisions: alembic-safe {measured.median_ours:.2f} s, alembic {measured.median_theirs:.2f} s,"
        f" bar {bar:.2f} s (PostgreSQL {binaries.major}, fsync on)"
    )
    helps = pairs(
        lambda: timed(
            lambda: subprocess.run([_BIN / "alembic-safe", "--help"], stdout=subprocess.DEVNULL, check=True)
        ),
        lambda: timed(
            lambda: subprocess.run([_BIN / "alembic", "--help"], stdout=subprocess.DEVNULL, check=True)
        ),
        count=9,
    )
    print(
        f"--help: alembic-safe {helps.median_ours:.3f} s, alembic {helps.median_theirs:.3f} s,"
        f" ratio {helps.ratio:.2f}, bar 0.50"
    )
    return int(measured.median_ours > bar or helps.ratio > 0.5)


if __name__ == "__main__":
    sys.exit(main())
