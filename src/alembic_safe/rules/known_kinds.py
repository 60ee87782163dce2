"""Which statements and actions the rules know: what is in neither list is said to be not understood.

A kind stands here when a rule looks at it, or when it does nothing that running code could notice; the reader may
learn new ones before the rules do, and those must not pass for safe.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Reading

_KINDS = frozenset(
    kind.strip()
    for kind in """
    alter collation|alter conversion|alter database|alter default privileges|alter domain|alter event trigger
    alter extension|alter foreign data wrapper|alter foreign table|alter function|alter aggregate|alter index
    alter large object|alter materialized view|alter operator|alter operator class|alter operator family
    alter policy|alter procedure|alter publication|alter role|alter routine|alter rule|alter schema|alter sequence
    alter server|alter statistics|alter subscription|alter system|alter table|alter tablespace|alter language
    alter text search configuration|alter text search dictionary|alter text search parser
    alter text search template|alter trigger|alter type|alter user mapping|alter view
    analyze|begin|call|checkpoint|close cursor|cluster|comment|commit|commit prepared|copy
    create access method|create aggregate|create cast|create collation|create conversion|create database
    create domain|create event trigger|create extension|create foreign data wrapper|create foreign table
    create function|create index|create language|create materialized view|create operator|create operator class
    create operator family|create policy|create procedure|create publication|create role|create rule|create schema
    create sequence|create server|create statistics|create subscription|create table|create table as
    create tablespace|create text search configuration|create text search dictionary|create text search parser
    create text search template|create transform|create trigger|create type|create user mapping|create view
    deallocate|declare cursor|delete|discard all|discard plans|discard sequences|discard temp|do
    drop access method|drop aggregate|drop cast|drop collation|drop conversion|drop database|drop domain
    drop event trigger|drop extension|drop foreign data wrapper|drop foreign table|drop function|drop index
    drop language|drop materialized view|drop operator|drop operator class|drop operator family|drop owned
    drop policy|drop procedure|drop publication|drop role|drop routine|drop rule|drop schema|drop sequence
    drop server|drop statistics|drop subscription|drop table|drop tablespace|drop text search configuration
    drop text search dictionary|drop text search parser|drop text search template|drop transform|drop trigger
    drop type|drop user mapping|drop view
    execute|explain|fetch|grant|grant role|import foreign schema|insert|listen|load|lock table|merge|move|notify
    pragma|prepare|prepare transaction|reassign owned|refresh materialized view|reindex|release|reset|revoke|revoke role
    rollback|rollback prepared|rollback to savepoint|savepoint|security label|select|select into|set
    set constraints|show|start transaction|truncate table|unlisten|update|vacuum
    """.replace("\n", "|").split("|")
)
_ACTIONS = frozenset(
    kind.strip()
    for kind in """
    add column|add constraint|add identity|alter column type|alter constraint|attach partition|cluster on
    column foreign options|depends on extension|detach partition|detach partition finalize|disable row security
    disable rule|disable trigger|drop column|drop constraint|drop default|drop expression|drop identity
    drop not null|enable always rule|enable always trigger|enable replica rule|enable replica trigger
    enable row security|enable rule|enable trigger|force row security|foreign options|inherit
    move all in tablespace|no force row security|no inherit|not of|of|options|owner to|rename|rename column
    rename constraint|replica identity|reset column options|reset parameters|set access method
    set column options|set compression|set default|set expression|set identity|set logged|set not null
    set parameters|set schema|set statistics|set storage|set tablespace|set unlogged|set without cluster
    set without oids|validate constraint|rename attribute|alter attribute type|add attribute|drop attribute
    add value|rename value
    """.replace("\n", "|").split("|")
)
_ALTERS = frozenset({"alter table", "alter foreign table", "alter type", "alter index", "alter view",
                     "alter materialized view"})  # fmt: skip


def unknown_to_rules(reading: Reading) -> Iterator[str]:
    """What of it no rule knows, in words."""
    if reading.kind not in _KINDS:
        yield f"no rule knows {reading.kind.upper()}"
    elif reading.kind in _ALTERS:
        for action in reading.actions:
            if action.kind not in _ACTIONS:
                yield f"no rule knows {reading.kind.upper()} with {action.kind.upper()}"
