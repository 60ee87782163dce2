"""A kept schema is the schema that was kept, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alembic_safe.sql import Schema, apply, read, split
from alembic_safe.workflow.kept_schema import _MOST, keep_schema, kept_folder, read_schema

SQL = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
ALTER TYPE mood ADD VALUE 'mad';
CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
CREATE TABLE t (id bigserial PRIMARY KEY, name varchar(20) DEFAULT lower('X') UNIQUE, m mood, n numeric(10,2)[]);
CREATE TABLE p (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE pd PARTITION OF p DEFAULT;
ALTER TABLE p ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES t (id) ON DELETE CASCADE NOT VALID;
CREATE INDEX "Ix" ON t (lower(name)) WHERE id > 5;
CREATE VIEW v AS SELECT * FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE SCHEMA s;
CREATE UNLOGGED TABLE s.u (id int GENERATED ALWAYS AS IDENTITY, j int GENERATED ALWAYS AS (1) STORED);
"""


def replayed() -> Schema:
    schema = Schema(knows_all=True).begin_plan().begin_revision()
    for piece in split(SQL):
        reading = read(piece.text)
        assert reading.understood, piece.text
        schema = apply(schema, reading)
    return schema


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    schema = replayed()
    assert {len(schema.tables), len(schema.types)} == {6, 2}
    keep_schema(tmp_path / "a.json", schema)
    assert read_schema(tmp_path / "a.json") == schema
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "[[], [], [], [], [], true, 1]", "[" * 100_000])
def test_anything_else_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert read_schema(tmp_path / "a.json") is None
    assert read_schema(tmp_path / "none.json") is None


def test_only_a_few_are_kept_the_newest(tmp_path: Path) -> None:
    for number in range(_MOST + 3):
        keep_schema(tmp_path / f"{number}.json", Schema())
        os.utime(tmp_path / f"{number}.json", (number, number))
    keep_schema(tmp_path / "last.json", Schema())
    names = {path.stem for path in tmp_path.iterdir()}
    assert len(names) == _MOST
    assert "last" in names and "0" not in names


def test_the_folder_is_the_users_own_and_may_be_wanting(tmp_path: Path) -> None:
    folder = kept_folder({"XDG_CACHE_HOME": str(tmp_path)})
    assert folder is not None and folder.is_dir() and tmp_path in folder.parents
    assert kept_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache" / folder.relative_to(tmp_path)
    assert kept_folder({}) is None
    assert kept_folder({"XDG_CACHE_HOME": "relative"}) is None
    (tmp_path / "file").write_text("")
    assert kept_folder({"XDG_CACHE_HOME": str(tmp_path / "file")}) is None
    keep_schema(tmp_path / "none" / "a.json", Schema())
