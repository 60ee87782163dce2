"""The review of a history of 400 revisions: `check --all`, and of its last file, against `alembic history`.

Bars: `check --all` under 10 s and 300 MB (all its processes together, at their peaks); one file at most 1.0 s
more than `alembic history` in the same run. Median of 5 pairs. Exit status 1 over a bar.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.paired import pairs, timed

REVISIONS = 400
_BIN = Path(sys.executable).parent
# what histories are made of: about five statements a revision, alembic's operations and raw SQL
_BODIES = (
    """
    op.create_table(
        "t{n}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.Text, server_default="plain"),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.UniqueConstraint("name", name="uq_t{n}_name"),
    )
    op.create_index("ix_t{n}_kind", "t{n}", ["kind"])
    """,
    """
    op.add_column("t{t}", sa.Column("c{n}", sa.Integer))
    op.create_check_constraint("ck_t{t}_c{n}", "t{t}", "c{n} > 0")
    op.alter_column("t{t}", "name", type_=sa.String(200), existing_type=sa.String(100))
    op.create_index("ix_t{t}_c{n}", "t{t}", ["c{n}"], unique=True)
    """,
    """
    op.execute("UPDATE t{t} SET kind = 'other' WHERE kind IS NULL")
    op.execute("ALTER TABLE t{t} ALTER COLUMN kind SET NOT NULL")
    op.execute(\"\"\"
        CREATE FUNCTION f{n}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.made := now();
            RETURN NEW;
        END $$;
        CREATE TRIGGER tr{n} BEFORE UPDATE ON t{t} FOR EACH ROW EXECUTE FUNCTION f{n}();
    \"\"\")
    """,
    """
    with op.get_context().autocommit_block():
        op.create_index("ix_t{t}_{n}", "t{t}", ["made", "kind"], postgresql_concurrently=True)
    op.add_column("t{t}", sa.Column("parent", sa.Integer))
    op.create_foreign_key("fk_t{t}_{n}", "t{t}", "t{t}", ["parent"], ["id"], postgresql_not_valid=True)
    op.execute("ALTER TABLE t{t} VALIDATE CONSTRAINT fk_t{t}_{n}")
    """,
)


def _revision(number: int) -> str:
    down = f'"r{number - 1:04}"' if number else "None"
    body = _BODIES[number % 4].format(n=number, t=number - number % 4)
    return (
        f'"""revision {number}"""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision = "r{number:04}"\ndown_revision = {down}\n\n\n'
        f'def upgrade():{body}\n\ndef downgrade():\n    op.execute("SELECT 1")\n'
    )


def make_project(folder: Path) -> Path:
    """A stock generic project without a URL that could be used, and the revisions."""
    subprocess.run(
        [_BIN / "alembic", "-q", "init", "migrations"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    for number in range(REVISIONS):
        (folder / f"migrations/versions/r{number:04}.py").write_text(_revision(number))
    return folder


def run(command: list[str], folder: Path, *expected: int) -> float:
    """Seconds of one command, which must end with one of the statuses."""

    def execute() -> None:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in expected:
            raise SystemExit(f"{command} ended with {done.returncode}\n{done.stderr}")

    return timed(execute)


def memory(command: list[str], folder: Path) -> int:
    """Bytes that a command and its processes hold at most, each page once (proportional set size), by looking."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(_held, _family(process.pid))))
        time.sleep(0.02)
    return peak


def _family(pid: int) -> list[int]:
    """A process and those below it."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        below = [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(deeper for child in below for deeper in _family(child))]


def _held(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def peers(folder: Path) -> list[str]:
    """What other linters on the PATH take for the same history: squawk of what alembic renders, zdm of the files."""
    ini, rendered = folder / "alembic.ini", folder / "history.sql"
    ini.write_text(
        re.sub(r"(?m)^sqlalchemy.url.*", "sqlalchemy.url = postgresql+psycopg://", ini.read_text())
    )
    render = [str(_BIN / "alembic"), "upgrade", "head", "--sql"]
    text = subprocess.run(render, cwd=folder, capture_output=True, text=True, check=True).stdout
    rendered.write_text(text)
    versions = str(folder / "migrations/versions")
    said = []
    for name, argument in (("squawk", str(rendered)), ("zdm", versions)):
        program = shutil.which(name)
        if program is None:
            said.append(f"{name}: not at hand")
        else:
            said.append(f"{name}: {run([program, argument], folder, 0, 1):.2f} s for the same revisions")
    return said


def main() -> int:
    """Print the figures; 1 when one is over its bar."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_project(Path(name))
        ours = [str(_BIN / "alembic-safe"), "check", "--quiet"]
        last = f"migrations/versions/r{REVISIONS - 1:04}.py"
        theirs = [str(_BIN / "alembic"), "history"]
        whole = pairs(lambda: run([*ours, "--all"], folder, 3), lambda: run(theirs, folder, 0))
        one = pairs(lambda: run([*ours, last], folder, 0, 3), lambda: run(theirs, folder, 0))
        peak = memory([*ours, "--all"], folder)
        others = peers(folder)
    bar = one.median_theirs + 1.0
    print(f"check --all, {REVISIONS} revisions: {whole.median_ours:.2f} s, bar 10 s")
    print(f"check --all: {peak / 1e6:.0f} MB at its peak, bar 300 MB")
    print(
        f"check of one file: {one.median_ours:.2f} s, alembic history {one.median_theirs:.2f} s, bar {bar:.2f} s"
    )
    print("\n".join(others))
    return int(whole.median_ours > 10 or peak > 300e6 or one.median_ours > bar)


if __name__ == "__main__":
    sys.exit(main())
