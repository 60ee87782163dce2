-- What stands here besides ../base.sql.
CREATE TABLE history (id bigint, at date NOT NULL);
