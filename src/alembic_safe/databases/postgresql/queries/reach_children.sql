-- Which tables inherit from which, partitions included?
SELECT inhparent::bigint, inhrelid::bigint FROM pg_catalog.pg_inherits
