"""A database that is not UTF-8, with names that are not ASCII, is backed up and restored."""

from __future__ import annotations

from tests.support.databases import TestDatabase


def test_names_in_latin1_come_back(pg, make_project):
    with pg.connect("postgres") as connection:
        connection.execute(
            "CREATE DATABASE test_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    database = TestDatabase("test_latin1", pg)
    try:
        database.fetch('CREATE TABLE "café" AS SELECT generate_series(1, 3) AS "prix"')
        project = make_project(url=database.url(), revisions=[])
        project.run("backup", "create").ok()

        done = project.run("backup", "verify", "--restore", "--format", "json")

        assert done.exit == 0, done.stdout + done.stderr
    finally:
        pg.drop_database("test_latin1")
