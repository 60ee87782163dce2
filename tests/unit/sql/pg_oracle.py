"""What PostgreSQL's own parse tree says of a statement, in the reader's words. Tests only: pglast is GPL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Tree = dict[str, Any]

OBJECT_KINDS = {
    "OBJECT_TABLE": "table", "OBJECT_INDEX": "index", "OBJECT_VIEW": "view", "OBJECT_MATVIEW": "materialized view",
    "OBJECT_SEQUENCE": "sequence", "OBJECT_FOREIGN_TABLE": "foreign table", "OBJECT_TYPE": "type",
    "OBJECT_DOMAIN": "domain", "OBJECT_FUNCTION": "function", "OBJECT_PROCEDURE": "procedure",
    "OBJECT_ROUTINE": "routine", "OBJECT_AGGREGATE": "aggregate", "OBJECT_TRIGGER": "trigger",
    "OBJECT_RULE": "rule", "OBJECT_POLICY": "policy", "OBJECT_EXTENSION": "extension", "OBJECT_SCHEMA": "schema",
    "OBJECT_DATABASE": "database", "OBJECT_ROLE": "role", "OBJECT_PUBLICATION": "publication",
    "OBJECT_SUBSCRIPTION": "subscription", "OBJECT_STATISTIC_EXT": "statistics", "OBJECT_COLLATION": "collation",
    "OBJECT_CONVERSION": "conversion", "OBJECT_OPERATOR": "operator", "OBJECT_OPCLASS": "operator class",
    "OBJECT_OPFAMILY": "operator family", "OBJECT_CAST": "cast", "OBJECT_TRANSFORM": "transform",
    "OBJECT_LANGUAGE": "language", "OBJECT_EVENT_TRIGGER": "event trigger", "OBJECT_FDW": "foreign data wrapper",
    "OBJECT_FOREIGN_SERVER": "server", "OBJECT_TABLESPACE": "tablespace", "OBJECT_ACCESS_METHOD": "access method",
    "OBJECT_TSCONFIGURATION": "text search configuration", "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser", "OBJECT_TSTEMPLATE": "text search template",
    "OBJECT_COLUMN": "column", "OBJECT_TABCONSTRAINT": "constraint", "OBJECT_DOMCONSTRAINT": "constraint",
    "OBJECT_LARGEOBJECT": "large object", "OBJECT_PARAMETER_ACL": "parameter",
}  # fmt: skip
ACTIONS = {
    "AT_AddColumn": "add column", "AT_DropNotNull": "drop not null", "AT_SetNotNull": "set not null",
    "AT_SetExpression": "set expression", "AT_DropExpression": "drop expression",
    "AT_SetStatistics": "set statistics", "AT_SetOptions": "set column options",
    "AT_ResetOptions": "reset column options", "AT_SetStorage": "set storage",
    "AT_SetCompression": "set compression", "AT_DropColumn": "drop column", "AT_AddConstraint": "add constraint",
    "AT_AlterConstraint": "alter constraint", "AT_ValidateConstraint": "validate constraint",
    "AT_DropConstraint": "drop constraint", "AT_AlterColumnType": "alter column type",
    "AT_AlterColumnGenericOptions": "column foreign options", "AT_ChangeOwner": "owner to",
    "AT_ClusterOn": "cluster on", "AT_DropCluster": "set without cluster", "AT_SetLogged": "set logged",
    "AT_SetUnLogged": "set unlogged", "AT_DropOids": "set without oids",
    "AT_SetAccessMethod": "set access method", "AT_SetTableSpace": "set tablespace",
    "AT_SetRelOptions": "set parameters", "AT_ResetRelOptions": "reset parameters",
    "AT_EnableTrig": "enable trigger", "AT_EnableAlwaysTrig": "enable always trigger",
    "AT_EnableReplicaTrig": "enable replica trigger", "AT_DisableTrig": "disable trigger",
    "AT_EnableTrigAll": "enable trigger", "AT_DisableTrigAll": "disable trigger",
    "AT_EnableTrigUser": "enable trigger", "AT_DisableTrigUser": "disable trigger",
    "AT_EnableRule": "enable rule", "AT_EnableAlwaysRule": "enable always rule",
    "AT_EnableReplicaRule": "enable replica rule", "AT_DisableRule": "disable rule", "AT_AddInherit": "inherit",
    "AT_DropInherit": "no inherit", "AT_AddOf": "of", "AT_DropOf": "not of",
    "AT_ReplicaIdentity": "replica identity", "AT_EnableRowSecurity": "enable row security",
    "AT_DisableRowSecurity": "disable row security", "AT_ForceRowSecurity": "force row security",
    "AT_NoForceRowSecurity": "no force row security", "AT_GenericOptions": "options",
    "AT_AttachPartition": "attach partition", "AT_DetachPartition": "detach partition",
    "AT_DetachPartitionFinalize": "detach partition finalize", "AT_AddIdentity": "add identity",
    "AT_SetIdentity": "set identity", "AT_DropIdentity": "drop identity",
}  # fmt: skip
CONSTRAINTS = {
    "CONSTR_CHECK": "check", "CONSTR_NOTNULL": "not null", "CONSTR_UNIQUE": "unique",
    "CONSTR_PRIMARY": "primary key", "CONSTR_FOREIGN": "foreign key", "CONSTR_EXCLUSION": "exclude",
}  # fmt: skip
PLAIN = {
    "SelectStmt": "select", "InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete",
    "MergeStmt": "merge", "LockStmt": "lock table", "TruncateStmt": "truncate table",
    "RefreshMatViewStmt": "refresh materialized view", "ClusterStmt": "cluster", "ReindexStmt": "reindex",
    "CopyStmt": "copy", "ExplainStmt": "explain", "DoStmt": "do", "CallStmt": "call", "PrepareStmt": "prepare",
    "ExecuteStmt": "execute", "DeclareCursorStmt": "declare cursor", "ClosePortalStmt": "close cursor",
    "ListenStmt": "listen", "UnlistenStmt": "unlisten", "NotifyStmt": "notify", "DeallocateStmt": "deallocate",
    "LoadStmt": "load", "CheckPointStmt": "checkpoint", "CommentStmt": "comment", "SecLabelStmt": "security label",
    "ReassignOwnedStmt": "reassign owned", "ImportForeignSchemaStmt": "import foreign schema",
    "ConstraintsSetStmt": "set constraints", "VariableShowStmt": "show", "DropOwnedStmt": "drop owned",
    "CreateSchemaStmt": "create schema", "CreateSeqStmt": "create sequence", "AlterSeqStmt": "alter sequence",
    "IndexStmt": "create index", "ViewStmt": "create view", "CreateDomainStmt": "create domain",
    "AlterDomainStmt": "alter domain", "CreateEnumStmt": "create type", "AlterEnumStmt": "alter type",
    "CompositeTypeStmt": "create type", "CreateRangeStmt": "create type", "AlterTypeStmt": "alter type",
    "CreateTrigStmt": "create trigger", "CreateEventTrigStmt": "create event trigger",
    "AlterEventTrigStmt": "alter event trigger", "RuleStmt": "create rule", "CreatePolicyStmt": "create policy",
    "AlterPolicyStmt": "alter policy", "CreateExtensionStmt": "create extension",
    "AlterExtensionStmt": "alter extension", "AlterExtensionContentsStmt": "alter extension",
    "CreatedbStmt": "create database", "AlterDatabaseStmt": "alter database",
    "AlterDatabaseSetStmt": "alter database", "AlterDatabaseRefreshCollStmt": "alter database",
    "DropdbStmt": "drop database", "CreateTableSpaceStmt": "create tablespace",
    "DropTableSpaceStmt": "drop tablespace", "AlterTableSpaceOptionsStmt": "alter tablespace",
    "CreateRoleStmt": "create role", "AlterRoleStmt": "alter role", "AlterRoleSetStmt": "alter role",
    "DropRoleStmt": "drop role", "CreatePublicationStmt": "create publication",
    "AlterPublicationStmt": "alter publication", "CreateSubscriptionStmt": "create subscription",
    "AlterSubscriptionStmt": "alter subscription", "DropSubscriptionStmt": "drop subscription",
    "CreateStatsStmt": "create statistics", "AlterStatsStmt": "alter statistics",
    "CreateFdwStmt": "create foreign data wrapper", "AlterFdwStmt": "alter foreign data wrapper",
    "CreateForeignServerStmt": "create server", "AlterForeignServerStmt": "alter server",
    "CreateForeignTableStmt": "create foreign table", "CreateUserMappingStmt": "create user mapping",
    "AlterUserMappingStmt": "alter user mapping", "DropUserMappingStmt": "drop user mapping",
    "CreateCastStmt": "create cast", "CreateConversionStmt": "create conversion",
    "CreatePLangStmt": "create language", "CreateOpClassStmt": "create operator class",
    "CreateOpFamilyStmt": "create operator family", "AlterOpFamilyStmt": "alter operator family",
    "AlterOperatorStmt": "alter operator", "CreateTransformStmt": "create transform",
    "CreateAmStmt": "create access method", "AlterTSConfigurationStmt": "alter text search configuration",
    "AlterTSDictionaryStmt": "alter text search dictionary", "AlterCollationStmt": "alter collation",
    "AlterDefaultPrivilegesStmt": "alter default privileges", "AlterSystemStmt": "alter system",

}  # fmt: skip
TRANSACTION = {
    "TRANS_STMT_BEGIN": "begin", "TRANS_STMT_START": "start transaction", "TRANS_STMT_COMMIT": "commit",
    "TRANS_STMT_ROLLBACK": "rollback", "TRANS_STMT_SAVEPOINT": "savepoint", "TRANS_STMT_RELEASE": "release",
    "TRANS_STMT_ROLLBACK_TO": "rollback to savepoint", "TRANS_STMT_PREPARE": "prepare transaction",
    "TRANS_STMT_COMMIT_PREPARED": "commit prepared", "TRANS_STMT_ROLLBACK_PREPARED": "rollback prepared",
}  # fmt: skip
# Left out: bodies that the reader does not look into, because creating the object runs nothing of them.
UNREAD = {
    "RuleStmt": ("actions", "whereClause"), "CreateTrigStmt": ("whenClause",), "CreateFunctionStmt": ("sql_body",),
    "CreatePolicyStmt": ("qual", "with_check"), "AlterPolicyStmt": ("qual", "with_check"),
    "CreateSchemaStmt": ("schemaElts",), "CreateSeqStmt": ("options",), "AlterSeqStmt": ("options",),
    "CommentStmt": ("object",), "ImportForeignSchemaStmt": ("table_list",),
    "ConstraintsSetStmt": ("constraints",), "LockingClause": ("lockedRels",), "ExecuteStmt": ("name",),
}  # fmt: skip


@dataclass
class Truth:
    """The oracle's facts. `names` are all tables and objects that a reader must know, schema-qualified."""

    kind: str
    names: set[str] = field(default_factory=set)
    actions: list[tuple[Any, ...]] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)


def oracle(text: str) -> list[Truth]:
    """Raises pglast.parser.ParseError where PostgreSQL refuses the text."""
    from pglast import parser

    tree = json.loads(parser.parse_sql_json(text))
    return [_truth(statement["stmt"]) for statement in tree.get("stmts", [])]


def _truth(node: Tree) -> Truth:
    ((tag, body),) = node.items()
    truth = Truth(_kind(tag, body))
    _relations(tag, body, frozenset(), truth.names)
    _names(tag, body, truth)
    _actions(tag, body, truth)
    _flags(tag, body, truth)
    return truth


def _object_kind(value: str) -> str:
    return OBJECT_KINDS.get(value, value)


def _kind(tag: str, body: Tree) -> str:
    if tag == "SelectStmt" and "intoClause" in body:
        return "select into"
    if tag in PLAIN:
        return PLAIN[tag]
    if tag == "TransactionStmt":
        return TRANSACTION[body.get("kind", "TRANS_STMT_BEGIN")]
    if tag == "CreateStmt":
        return "create table"
    if tag == "CreateTableAsStmt":
        if body.get("is_select_into"):
            return "select into"
        return "create materialized view" if body["objtype"] == "OBJECT_MATVIEW" else "create table as"
    if tag in ("AlterTableStmt", "AlterTableMoveAllStmt"):
        return "alter " + _object_kind(body["objtype"])
    if tag in ("RenameStmt", "AlterObjectSchemaStmt", "AlterOwnerStmt", "AlterObjectDependsStmt"):
        return "alter " + _renamed_kind(tag, body)
    if tag == "DropStmt":
        return "drop " + _object_kind(body["removeType"])
    if tag == "CreateFunctionStmt":
        return "create procedure" if body.get("is_procedure") else "create function"
    if tag == "AlterFunctionStmt":
        return "alter " + _object_kind(body["objtype"])
    if tag == "DefineStmt":
        return "create " + _object_kind(body["kind"])
    if tag == "VacuumStmt":
        return "vacuum" if body.get("is_vacuumcmd") else "analyze"
    if tag == "VariableSetStmt":
        return "reset" if body["kind"] in ("VAR_RESET", "VAR_RESET_ALL") else "set"
    if tag == "GrantStmt":
        return "grant" if body.get("is_grant") else "revoke"
    if tag == "GrantRoleStmt":
        return "grant role" if body.get("is_grant") else "revoke role"
    if tag == "FetchStmt":
        return "move" if body.get("ismove") else "fetch"
    if tag == "DiscardStmt":
        return str("discard " + body.get("target", "DISCARD_ALL").removeprefix("DISCARD_").lower())
    return f"?{tag}"


def _renamed_kind(tag: str, body: Tree) -> str:
    kind = body.get("renameType") or body.get("objectType")
    if kind in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        kind = body["relationType"]
    if kind == "OBJECT_TABCONSTRAINT":
        return "table"
    if kind == "OBJECT_DOMCONSTRAINT":
        return "domain"
    return _object_kind(str(kind))


def _range(body: Tree) -> str:
    schema, name = body.get("schemaname"), str(body["relname"])
    return f"{schema}.{name}" if schema else name


def _relations(tag: str, body: Any, scope: frozenset[str], names: set[str]) -> None:
    """Every RangeVar that is no common table expression."""
    if isinstance(body, list):
        for item in body:
            _relations("", item, scope, names)
        return
    if not isinstance(body, dict):
        return
    if tag == "RangeVar":
        if "schemaname" in body or body["relname"] not in scope:
            names.add(_range(body))
        return
    clause = body.get("withClause")
    if clause:
        recursive = clause.get("recursive", False)
        entries = [c["CommonTableExpr"] for c in clause["ctes"]]
        if recursive:
            scope = scope | {e["ctename"] for e in entries}
        for entry in entries:
            _relations("", entry["ctequery"], scope, names)
            scope = scope | {entry["ctename"]}
    for key, value in body.items():
        if key == "withClause" or key in UNREAD.get(tag, ()):
            continue
        if key == "relation" and tag in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
            names.add(_range(value))
        elif (
            key in ("relation", "view", "sequence", "pktable", "rel", "typevar")
            and isinstance(value, dict)
            and "relname" in value
        ):
            if not (key == "pktable" and "pktable" not in body):
                names.add(_range(value))
        else:
            _relations(key if key[:1].isupper() else "", value, scope, names)


def _dotted(items: list[Tree]) -> str:
    parts = [item["String"].get("sval", "") for item in items if "String" in item]
    return ".".join(parts[-2:])


def _object_name(item: Tree) -> str:
    ((tag, body),) = item.items()
    if tag == "String":
        return str(body.get("sval", ""))
    if tag == "List":
        return _dotted([i for i in body["items"] if "String" in i])
    if tag == "TypeName":
        return _dotted(body["names"])
    if tag == "ObjectWithArgs":
        return _dotted(body["objname"])
    return "?"


def _names(tag: str, body: Tree, truth: Truth) -> None:
    names = truth.names
    if tag == "DropStmt":
        kind = body["removeType"]
        for item in body["objects"]:
            _dropped(kind, item, names)
    elif tag in ("CreateDomainStmt",):
        names.add(_dotted(body["domainname"]))
    elif tag in ("CreateEnumStmt", "CreateRangeStmt", "AlterEnumStmt", "AlterDomainStmt", "AlterTypeStmt"):
        names.add(_dotted(body["typeName"]))
    elif tag == "CreateFunctionStmt":
        names.add(_dotted(body["funcname"]))
    elif tag == "DefineStmt":
        names.add(_dotted(body["defnames"]))
    elif tag == "CreateTrigStmt":
        names.add(body["trigname"])
    elif tag == "RuleStmt":
        names.add(body["rulename"])
    elif tag == "CreatePolicyStmt" or tag == "AlterPolicyStmt":
        names.add(body["policy_name"])
    elif tag == "CreateExtensionStmt":
        names.add(body["extname"])
    elif tag == "CreateSchemaStmt":
        names.add(
            body.get("schemaname")
            or body["authrole"].get("rolename")
            or body["authrole"]["roletype"].removeprefix("ROLESPEC_").lower()
        )
    elif tag in ("CreatePublicationStmt", "AlterPublicationStmt"):
        names.add(body["pubname"])
    elif tag == "IndexStmt":
        schema = body["relation"].get("schemaname")
        if "idxname" in body:
            names.add(f"{schema}.{body['idxname']}" if schema else body["idxname"])
    elif tag in ("CreateStmt", "CreateForeignTableStmt"):
        typed = body.get("base" if "base" in body else "baseStmt", body).get("ofTypename")
        names |= {_dotted(typed["names"])} if typed else set()
    elif tag == "CreateStatsStmt" and "defnames" in body:
        names.add(_dotted(body["defnames"]))


def _dropped(kind: str, item: Tree, names: set[str]) -> None:
    if kind in ("OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"):
        parts = [i["String"]["sval"] for i in item["List"]["items"]]
        names.add(parts[-1])
        names.add(".".join(parts[:-1][-2:]))
    elif kind in ("OBJECT_OPCLASS", "OBJECT_OPFAMILY"):
        names.add(".".join([i["String"]["sval"] for i in item["List"]["items"]][1:][-2:]))
    elif kind not in ("OBJECT_CAST", "OBJECT_TRANSFORM"):
        names.add(_object_name(item))


def _constraint(body: Tree) -> tuple[Any, ...]:
    table = body.get("pktable")
    return (
        CONSTRAINTS.get(body["contype"], body["contype"]),
        body.get("conname"),
        _range(table) if table else None,
        bool(body.get("skip_validation")),
        body.get("indexname"),
    )


_SKIPPED = {"CONSTR_NULL", "CONSTR_DEFAULT", "CONSTR_GENERATED", "CONSTR_IDENTITY"} | {
    f"CONSTR_ATTR_{w}"
    for w in ("DEFERRABLE", "NOT_DEFERRABLE", "DEFERRED", "IMMEDIATE", "ENFORCED", "NOT_ENFORCED")
}


def _column(body: Tree) -> tuple[Any, ...]:
    found = [c["Constraint"] for c in body.get("constraints", [])]
    kinds = [c["contype"] for c in found]
    generated = (
        "identity" if "CONSTR_IDENTITY" in kinds else "generated" if "CONSTR_GENERATED" in kinds else ""
    )
    type_name = body.get("typeName", {})
    return (
        body.get("colname"),
        tuple(_constraint(c) for c in found if c["contype"] not in _SKIPPED),
        "CONSTR_DEFAULT" in kinds,
        generated,
        _dotted(type_name.get("names", [])).rpartition(".")[2],
        len(type_name.get("arrayBounds", [])),
        len(type_name.get("typmods", [])) if "interval" not in str(type_name.get("names")) else 0,
    )


def _definition(item: Tree) -> tuple[Any, ...] | None:
    if "ColumnDef" in item:
        return ("column", *_column(item["ColumnDef"]))
    if "Constraint" in item:
        return ("constraint", *_constraint(item["Constraint"]))
    return None


def _actions(tag: str, body: Tree, truth: Truth) -> None:
    if tag == "AlterTableStmt":
        for command in body["cmds"]:
            truth.actions.append(_command(command["AlterTableCmd"], body["objtype"]))
    elif tag in ("CreateStmt", "CreateForeignTableStmt"):
        base = body.get("base" if "base" in body else "baseStmt", body)
        for item in base.get("tableElts", []):
            made = _definition(item)
            if made:
                truth.actions.append(made)
    elif tag == "RenameStmt":
        truth.actions.append(_rename(body))
    elif tag == "AlterObjectSchemaStmt":
        truth.actions.append(("set schema", None))
    elif tag == "AlterOwnerStmt":
        truth.actions.append(("owner to", None))
    elif tag == "AlterEnumStmt":
        old = body.get("oldVal")
        truth.actions.append(("rename value", old) if old is not None else ("add value", body.get("newVal")))
    elif tag == "AlterDomainStmt":
        truth.actions.append((_domain_action(body),))


def _domain_action(body: Tree) -> str:
    subtype = body["subtype"].removeprefix("AD_")
    if subtype == "AlterDefault" or subtype == "T":
        return "set default" if "def" in body else "drop default"
    old = {
        "N": "drop not null",
        "O": "set not null",
        "C": "add constraint",
        "X": "drop constraint",
        "V": "validate constraint",
    }
    new = {"DropNotNull": "drop not null", "SetNotNull": "set not null", "AddConstraint": "add constraint",
           "DropConstraint": "drop constraint", "ValidateConstraint": "validate constraint"}  # fmt: skip
    action = old.get(subtype) or new.get(subtype, subtype)
    if action == "add constraint" and body["def"]["Constraint"]["contype"] == "CONSTR_NOTNULL":
        return "set not null"
    return action


def _rename(body: Tree) -> tuple[Any, ...]:
    kind = body["renameType"]
    if kind in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        word = "attribute" if kind == "OBJECT_ATTRIBUTE" else "column"
        return (f"rename {word}", body.get("subname"), body.get("newname"))
    if kind in ("OBJECT_TABCONSTRAINT", "OBJECT_DOMCONSTRAINT"):
        return ("rename constraint", body.get("subname"), body.get("newname"))
    return ("rename", None, body.get("newname"))


def _command(body: Tree, objtype: str) -> tuple[Any, ...]:
    subtype = body.get("subtype", "AT_AddColumn")
    definition = body.get("def", {})
    cascade = body.get("behavior") == "DROP_CASCADE"
    if subtype == "AT_ColumnDefault":
        return ("set default" if definition else "drop default", body.get("name"))
    if objtype == "OBJECT_TYPE" and subtype in ("AT_AddColumn", "AT_DropColumn", "AT_AlterColumnType"):
        word = {"AT_AddColumn": "add attribute", "AT_DropColumn": "drop attribute"}.get(
            subtype, "alter attribute type"
        )
        return (word, body.get("name") or definition.get("ColumnDef", {}).get("colname"))
    kind = ACTIONS.get(subtype, subtype)
    if subtype == "AT_AddColumn":
        return (kind, *_column(definition["ColumnDef"]), bool(body.get("missing_ok")))
    if subtype == "AT_AddConstraint":
        return (kind, *_constraint(definition["Constraint"]))
    if subtype == "AT_AlterConstraint":
        return (kind, next(iter(definition.values()))["conname"])
    if subtype in ("AT_DropColumn", "AT_DropConstraint"):
        return (kind, body.get("name"), bool(body.get("missing_ok")), cascade)
    if subtype == "AT_AlterColumnType":
        column = definition["ColumnDef"]
        return (
            kind,
            body.get("name"),
            _dotted(column["typeName"]["names"]).rpartition(".")[2],
            "raw_default" in column,
        )
    if kind in ("attach partition", "detach partition", "detach partition finalize"):
        return (kind, definition["PartitionCmd"]["name"]["relname"])
    if kind in ("enable trigger", "disable trigger") and subtype.endswith(("All", "User")):
        return (kind, "all" if subtype.endswith("All") else "user")
    if kind in (
        "set statistics",
        "set column options",
        "reset column options",
        "column foreign options",
    ) or body.get("num"):
        return (kind, body.get("name") or str(body.get("num")))
    return (kind, body.get("name")) if kind in NAMED else (kind, None)


NAMED = {
    "drop not null", "set not null", "set expression", "drop expression", "set storage", "set compression",
    "validate constraint", "enable trigger", "disable trigger", "enable always trigger", "enable replica trigger",
    "enable rule", "disable rule", "enable always rule", "enable replica rule", "cluster on", "add identity",
    "set identity", "drop identity",
}  # fmt: skip


def _persistence(relation: Tree, flags: set[str]) -> None:
    word = {"t": "temporary", "u": "unlogged"}.get(relation.get("relpersistence", "p"))
    if word:
        flags.add(word)


def _options(body: Tree, key: str) -> set[str]:
    on = set()
    for option in body.get(key, []):
        element = option["DefElem"]
        value = str(
            element.get("arg", {})
            .get("String", {})
            .get(
                "sval", element.get("arg", {}).get("Integer", {}).get("ival", 1) if "arg" in element else "on"
            )
        )
        if value.lower() not in ("false", "off", "0"):
            on.add(element["defname"].replace("analyse", "analyze"))
    return on


_CASCADE = ("DropStmt", "TruncateStmt", "DropOwnedStmt", "DropSubscriptionStmt")


def _flags(tag: str, body: Tree, truth: Truth) -> None:
    flags = truth.flags
    persistence = body.get("intoClause", {}).get("rel", {}).get("relpersistence")
    flags |= {"t": {"temporary"}, "u": {"unlogged"}}.get(persistence, set())
    if tag == "AlterTSConfigurationStmt":
        return
    if body.get("missing_ok") and tag != "AlterDomainStmt":
        flags.add("if exists")
    if body.get("if_not_exists") or body.get("base", {}).get("if_not_exists"):
        flags.add("if not exists")
    if body.get("concurrent"):
        flags.add("concurrently")
    if tag in ("ReindexStmt",) and "concurrently" in _options(body, "params"):
        flags.add("concurrently")
    commands = (
        [c["AlterTableCmd"] for c in body.get("cmds", [])] if body.get("objtype") == "OBJECT_TYPE" else []
    )
    if any(c.get("behavior") == "DROP_CASCADE" for c in commands):
        flags.add("cascade")
    if body.get("behavior") == "DROP_CASCADE" and tag in _CASCADE:
        flags.add("cascade")
    if tag == "CreateExtensionStmt":
        flags |= _options(body, "options") & {"cascade"}
    if body.get("unique"):
        flags.add("unique")
    if body.get("replace"):
        flags.add("or replace")
    relation = (
        body.get("relation")
        or body.get("view")
        or body.get("sequence")
        or body.get("into", {}).get("rel")
        or {}
    )
    if tag in ("CreateStmt", "CreateTableAsStmt", "ViewStmt", "CreateSeqStmt"):
        _persistence(relation, flags)
    for command in body.get("cmds", []) if tag == "AlterTableStmt" else []:
        if command["AlterTableCmd"].get("def", {}).get("PartitionCmd", {}).get("concurrent"):
            flags.add("concurrently")
    if (
        tag in ("AlterTableStmt", "RenameStmt", "IndexStmt")
        and "OBJECT_TYPE" not in (body.get("objtype"), body.get("relationType"))
        and "relname" in relation
        and not relation.get("inh")
    ):
        flags.add("only")
    if tag in ("UpdateStmt", "DeleteStmt") and "whereClause" in body:
        flags.add("where")
    if tag == "VacuumStmt":
        flags |= _options(body, "options") & {"full", "analyze"}
    if tag == "IndexStmt" and body.get("nulls_not_distinct"):
        flags.add("nulls not distinct")


COMPARED_FLAGS = {
    "if exists", "if not exists", "concurrently", "cascade", "unique", "or replace", "temporary", "unlogged",
    "only", "where", "full", "analyze", "nulls not distinct",
}  # fmt: skip
