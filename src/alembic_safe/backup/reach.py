"""Which tables a plan's changes reach, by the system catalog: partitions, foreign keys, triggers, views. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.scopes import (
    Catalog,
    CatalogFunction,
    CatalogTable,
    How,
    Reach,
    ReachedTable,
    Touch,
    Touched,
)

ReadBody = Callable[[CatalogFunction], Touched]
# pg_trigger.tgtype (src/include/catalog/pg_trigger.h): what fires it
_EVENTS: dict[How, int] = {"written": 4, "deleted": 8, "updated": 16, "truncated": 32}
_ACTS = ("c", "n", "d")  # pg_constraint: CASCADE, SET NULL, SET DEFAULT
# Volatile functions of extensions that change no row but the one they fire for: what they do is known from their
# documentation ("F. Additional Supplied Modules", PostGIS, TimescaleDB). Of any other it is not.
_HARMLESS: dict[str, frozenset[str]] = {
    "uuid-ossp": frozenset({"uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"}),
    "pgcrypto": frozenset(
        {"gen_salt", "gen_random_bytes", "gen_random_uuid", "pgp_sym_encrypt", "pgp_sym_encrypt_bytea",
         "pgp_pub_encrypt", "pgp_pub_encrypt_bytea"}
    ),
    "tablefunc": frozenset({"normal_rand"}),
    "pg_trgm": frozenset({"set_limit"}),
    "moddatetime": frozenset({"moddatetime"}),
    "insert_username": frozenset({"insert_username"}),
    "autoinc": frozenset({"autoinc"}),
    "postgis": frozenset({"st_generatepoints", "postgis_cache_bbox"}),
    "timescaledb": frozenset({"insert_blocker", "ts_insert_blocker"}),
}  # fmt: skip


def reached(touched: Touched, catalog: Catalog, read_body: ReadBody) -> Reach:
    """All tables whose rows may change or go when what is `touched` is done.

    `read_body` says what a function's body touches. A name without a schema means every table of that name,
    since which one it is depends on the session's search_path.
    """
    closure = _Closure(catalog, read_body)
    closure.take(touched, "the plan")
    closure.run()
    return closure.reach()


class _Closure:
    def __init__(self, catalog: Catalog, read_body: ReadBody) -> None:
        self._catalog = catalog
        self._read_body = read_body
        self._tables = {table.oid: table for table in catalog.tables}
        self._named: dict[str, list[CatalogTable]] = defaultdict(list)
        for table in catalog.tables:
            self._named[table.name].append(table)
        self._children = _grouped(catalog.children)
        self._behind = _grouped(catalog.views)
        self._functions = {function.oid: function for function in catalog.functions}
        self._waiting: list[tuple[int, How, bool, str]] = []
        self._seen: set[tuple[int, How, bool]] = set()
        self._read: set[int] = set()
        self._found: dict[int, str] = {}
        self._doubts: dict[str, None] = {}
        self._large_objects = False

    def reach(self) -> Reach:
        tables = [ReachedTable(self._tables[oid], why) for oid, why in self._found.items()]
        tables.sort(key=lambda one: str(one.table))
        return Reach(tuple(tables), tuple(self._doubts), self._large_objects)

    def take(self, touched: Touched, by: str) -> None:
        """Enter what is touched, by the plan or by a function's body."""
        for touch in touched.touches:
            for table in self._meant(touch.name):
                self._enter(table.oid, touch.how, touch.cascade, f"{touch.how} by {by}")
        for schema in touched.schemas:
            for table in self._catalog.tables:
                if table.schema == schema:
                    self._enter(table.oid, "dropped", True, f"in schema {schema}, which {by} drops")
            self._columns_of(schema, None, by)
        for name in touched.types:
            self._columns_of(name.schema, name.name, by)
        for function in touched.calls:
            self._call(function, by)
        self._doubts |= dict.fromkeys(touched.doubts)
        self._large_objects = self._large_objects or touched.large_objects

    def run(self) -> None:
        """Follow everything that was entered to its end."""
        while self._waiting:
            oid, how, cascade, why = self._waiting.pop(0)
            table = self._tables[oid]
            self._triggers(table, how)
            if table.kind == "v":
                for behind in self._behind.get(oid, ()):
                    self._enter(behind, how, cascade, f"{how} through the view {table}")
                continue
            if table.kind in "rp":
                self._found.setdefault(oid, why)
            for child in self._children.get(oid, ()):
                self._enter(child, how, cascade, f"a partition or child of {table}, {how}")
            self._keys(table, how, cascade)

    def _enter(self, oid: int, how: How, cascade: bool, why: str) -> None:
        if oid in self._tables and (oid, how, cascade) not in self._seen:
            self._seen.add((oid, how, cascade))
            self._waiting.append((oid, how, cascade, why))

    def _meant(self, name: Name) -> Iterator[CatalogTable]:
        for table in self._named.get(name.name, ()):
            if name.schema is None or name.schema == table.schema:
                yield table

    def _columns_of(self, schema: str | None, name: str | None, by: str) -> None:
        for in_schema, type_name, oid in self._catalog.typed:
            if schema in (None, in_schema) and name in (None, type_name):
                what = f"a column of type {in_schema}.{type_name}, which {by} drops"
                self._enter(oid, "altered", False, what)

    def _keys(self, table: CatalogTable, how: How, cascade: bool) -> None:
        for key in self._catalog.keys:
            if key.referenced != table.oid:
                continue
            if how == "truncated" and cascade:
                self._enter(key.referencing, "truncated", True, f"truncated with {table}")
            elif how == "deleted" and key.on_delete in _ACTS:
                then: How = "deleted" if key.on_delete == "c" else "updated"
                self._enter(key.referencing, then, False, f"{then} with rows of {table}, by its foreign key")
            elif how == "updated" and key.on_update in _ACTS:
                self._enter(
                    key.referencing, "updated", False, f"updated with rows of {table}, by its foreign key"
                )

    def _triggers(self, table: CatalogTable, how: How) -> None:
        event = _EVENTS.get(how, 0)
        for trigger in self._catalog.triggers:
            if trigger.table == table.oid and trigger.events & event:
                by = f"{trigger.name} on {table}"
                function = self._functions.get(trigger.function)
                if function is None:
                    self._doubts[f"what {by} does when rows change is not looked up"] = None
                else:
                    self._body(function, f"the trigger {by}")

    def _call(self, name: str, by: str) -> None:
        bare = name.rpartition(".")[2]  # a schema too many is no harm
        meant = [function for function in self._catalog.functions if function.name == bare]
        if not meant:
            self._doubts[f"{by} calls {name}, whose body is not known"] = None
        for function in meant:
            self._body(function, f"the function {name}")

    def _body(self, function: CatalogFunction, by: str) -> None:
        """What a function may do. STABLE and IMMUTABLE ones may change nothing (docs: Function Volatility)."""
        if function.oid in self._read or not function.volatile:
            return
        self._read.add(function.oid)
        if function.extension:
            if function.name not in _HARMLESS.get(function.extension, ()):
                said = f"{by} belongs to the extension {function.extension}, and what it does is not known"
                self._doubts[said] = None
            return
        touched = self._read_body(function)
        doubts = tuple(f"{by}: {doubt}" for doubt in touched.doubts)
        self.take(
            Touched(
                touched.touches, touched.schemas, touched.types, touched.calls, doubts, touched.large_objects
            ),
            by,
        )


def _grouped(pairs: tuple[tuple[int, int], ...]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        grouped[one].append(other)
    return grouped


def keeping(names: tuple[str, ...]) -> tuple[Touch, ...]:
    """Touches that keep tables of these names ("schema.table" or "table") in a backup: version tables."""
    split = (name.rpartition(".") for name in names)
    return tuple(Touch(Name(name, schema or None), "written") for schema, _, name in split)
