-- What stands before each pair of revisions for SQLite: a small shop in use.
CREATE TABLE customers (
    id INTEGER NOT NULL,
    email TEXT NOT NULL,
    name VARCHAR(40),
    city TEXT,
    joined TEXT,
    CONSTRAINT customers_pkey PRIMARY KEY (id)
);
CREATE TABLE orders (
    id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    state TEXT,
    note VARCHAR(20),
    CONSTRAINT orders_pkey PRIMARY KEY (id)
);
CREATE INDEX ix_orders_state ON orders (state);
CREATE TABLE articles (id INTEGER NOT NULL, title TEXT, CONSTRAINT articles_pkey PRIMARY KEY (id));
CREATE INDEX ix_articles_lower_title ON articles (lower(title));
CREATE TRIGGER articles_title AFTER INSERT ON articles BEGIN
    UPDATE articles SET title = trim(title) WHERE id = new.id;
END;
CREATE TABLE prices (article TEXT, cents INTEGER, old INTEGER);
CREATE VIEW article_prices AS SELECT article, cents FROM prices;
CREATE TABLE parents (id INTEGER NOT NULL, name TEXT, CONSTRAINT parents_pkey PRIMARY KEY (id));
CREATE TABLE children (
    id INTEGER NOT NULL,
    parent_id INTEGER,
    CONSTRAINT children_pkey PRIMARY KEY (id),
    CONSTRAINT children_parent_fk FOREIGN KEY (parent_id) REFERENCES parents (id) ON DELETE CASCADE
);
INSERT INTO customers (id, email, name, joined) VALUES (1, 'ann@example.org', 'Ann', '2024-05-01');
INSERT INTO orders (id, customer_id, state) VALUES (1, 1, 'new');
INSERT INTO articles (id, title) VALUES (1, 'cup');
INSERT INTO prices (article, cents) VALUES ('cup', 500);
INSERT INTO parents (id, name) VALUES (1, 'one');
INSERT INTO children (id, parent_id) VALUES (1, 1);
