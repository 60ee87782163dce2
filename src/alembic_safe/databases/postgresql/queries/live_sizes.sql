-- How large are these tables, without and with their indexes, in bytes? (Takes ACCESS SHARE: may wait.)
SELECT c.oid::int8, pg_catalog.pg_table_size(c.oid), pg_catalog.pg_indexes_size(c.oid)
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = ANY (%(oids)s::oid[]) AND c.relkind IN ('r', 'm')
