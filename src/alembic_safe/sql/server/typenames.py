"""Names of the server's own types: a type of another name may be a domain, an enum or an extension's."""

from __future__ import annotations

from alembic_safe.sql.words import words

# format_type()'s names of several words, then those of one.
BUILTIN_TYPES = (
    frozenset(
        {
            "double precision",
            "character varying",
            "bit varying",
            "timestamp with time zone",
            "timestamp without time zone",
            "time with time zone",
            "time without time zone",
        }
    )
    | words(
        "bigint bigserial bit boolean box bytea character cidr circle date inet integer interval json "
        "jsonb line lseg macaddr macaddr8 money numeric path pg_lsn pg_snapshot point polygon real "
        "smallint smallserial serial text tsquery tsvector txid_snapshot uuid xml name oid xid xid8 cid "
        "tid jsonpath refcursor int4range int8range numrange tsrange tstzrange daterange int4multirange "
        "int8multirange nummultirange tsmultirange tstzmultirange datemultirange regclass regproc "
        "regtype regrole regnamespace regconfig regdictionary regcollation regoper regoperator "
        "regprocedure"
    )
    # base types of well-known extensions, none of them a domain
    | words("citext hstore ltree lquery ltxtquery cube vector halfvec sparsevec geometry geography")
)
