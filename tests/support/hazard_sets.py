"""Reads the hazard sets of tests/data/hazard_sets and writes a case as an alembic project."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "hazard_sets"
_HEAD = '''"""{title}"""
import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {down}
branch_labels = None
depends_on = None

'''
_NOTHING = "def upgrade():\n    pass\n"
_DOWNGRADE = "\n\ndef downgrade():\n    pass\n"
_ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Revisions of one plan with their label. `claim` is "" for a safe one."""

    set: str
    name: str
    claim: str
    reason: str
    app: tuple[str, ...]
    rows: tuple[str, ...]
    since: int
    until: int
    files: tuple[tuple[str, str], ...]
    earlier: tuple[str, ...]
    judged: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Whether the gate has to let it pass."""
        return not self.claim

    @property
    def id(self) -> str:
        """Its name among all sets."""
        return f"{self.set}/{self.name}"


def sets() -> tuple[str, ...]:
    """The names of the sets at hand."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if (path / "base.txt").is_file()))


def base(name: str) -> tuple[str, ...]:
    """The revisions that every case of a set follows."""
    return tuple(text for kind, _, text in _sections(FOLDER / name / "base.txt") if kind == "earlier")


def base_revision(name: str) -> str:
    """The id of the last revision of a set's base."""
    return f"{len(base(name)):04}"


def cases(name: str) -> tuple[Case, ...]:
    """The cases of a set, in the order of their files."""
    found: list[Case] = []
    for file in sorted((FOLDER / name).glob("*.txt")):
        if file.name != "base.txt":
            found += _cases(name, file)
    doubled = {case.name for case in found if sum(case.name == other.name for other in found) > 1}
    if doubled:
        raise ValueError(f"two cases of one name: {doubled}")
    return tuple(found)


def write_project(case: Case, folder: Path, url: str = "postgresql://nowhere.invalid/none") -> None:
    """Write an alembic project. After what is applied already comes an empty revision with the id `applied`."""
    script = folder / "migrations"
    shutil.rmtree(script, ignore_errors=True)
    (script / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\n" + section(folder, url))
    (script / "env.py").write_text(_ENV)
    for name, text in case.files:
        (script / name).write_text(text)
    before = [*base(case.set), *case.earlier, _NOTHING]
    down = "None"
    for number, text in enumerate([*before, *case.judged], 1):
        id = "applied" if number == len(before) else f"{number:04}"
        head = _HEAD.format(title=f"{case.name}, {number}", id=id, down=down)
        body = text if "def downgrade(" in text else text + _DOWNGRADE
        (script / "versions" / f"{id}_{case.name}.py").write_text(head + body)
        down = f'"{id}"'


def section(folder: Path, url: str = "postgresql://nowhere.invalid/none") -> str:
    """The keys of an alembic.ini for a project written there."""
    script = folder / "migrations"
    return f"script_location = {script}\nprepend_sys_path = {script}\nsqlalchemy.url = {url}\n"


def _cases(name: str, file: Path) -> Iterator[Case]:
    groups: list[list[tuple[str, str, str]]] = []
    for section in _sections(file):
        if section[0] == "case":
            groups.append([])
        if groups:
            groups[-1].append(section)
    for group in groups:
        yield _case(name, group)


def _case(set_name: str, group: list[tuple[str, str, str]]) -> Case:
    def every(kind: str) -> tuple[str, ...]:
        return tuple(argument for what, argument, _ in group if what == kind)

    def texts(kind: str) -> tuple[str, ...]:
        return tuple(text for what, _, text in group if what == kind)

    ((kind, label),) = ((kind, argument) for kind, argument, _ in group if kind in ("safe:", "unsafe"))
    claim, _, reason = label.partition(": ") if kind == "unsafe" else ("", "", label)
    return Case(
        set=set_name,
        name=every("case")[0],
        claim=claim,
        reason=reason,
        app=every("app"),
        rows=every("rows"),
        since=int((every("since") or ("15",))[0]),
        until=int((every("until") or ("18",))[0]),
        files=tuple((argument, text) for what, argument, text in group if what == "file"),
        earlier=texts("earlier"),
        judged=texts("judged"),
    )


def _sections(file: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, argument and text of each section."""
    pieces = re.split(r"(?m)^#% (\S+) ?(.*)\n", file.read_text() + "\n")
    yield from zip(
        pieces[1::3], pieces[2::3], (text.strip("\n") + "\n" for text in pieces[3::3]), strict=True
    )
