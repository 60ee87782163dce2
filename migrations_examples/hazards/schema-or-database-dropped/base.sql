-- What stands here besides ../base.sql.
CREATE SCHEMA old;
