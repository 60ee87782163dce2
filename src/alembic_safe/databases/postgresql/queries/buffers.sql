-- how large are the server's buffers, and what did the pages cost that it had to read? (0 where that is not timed)
SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')),
       coalesce(sum(d.blks_read), 0)::pg_catalog.int8, coalesce(sum(d.blk_read_time), 0) / 1000.0
  FROM pg_catalog.pg_stat_database AS d
