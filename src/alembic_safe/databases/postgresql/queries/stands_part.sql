-- Does a table (type, for a label) of this schema have such a part? Valid is false for what is there but not proven.
SELECT valid FROM (
    SELECT 'column' AS kind, a.attname::text AS part, true AS valid
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = pg_catalog.to_regclass(%(relation)s) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'constraint', c.conname::text, c.convalidated
    FROM pg_catalog.pg_constraint AS c
    WHERE c.conrelid = pg_catalog.to_regclass(%(relation)s)
    UNION ALL
    SELECT 'trigger', t.tgname::text, true
    FROM pg_catalog.pg_trigger AS t
    WHERE t.tgrelid = pg_catalog.to_regclass(%(relation)s) AND NOT t.tgisinternal
    UNION ALL
    SELECT 'partition', c.relname::text, NOT i.inhdetachpending
    FROM pg_catalog.pg_inherits AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = pg_catalog.to_regclass(%(relation)s)
    UNION ALL
    SELECT 'label', e.enumlabel::text, true
    FROM pg_catalog.pg_enum AS e
    WHERE e.enumtypid = pg_catalog.to_regtype(%(relation)s)
) AS parts
WHERE kind = %(kind)s AND part = %(part)s
