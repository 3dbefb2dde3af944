-- A database as it grows when many hands work on it: what a schema can say in some way, and what it cannot.
CREATE SCHEMA "Sales";
CREATE SCHEMA hr;
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'so-so', 'happy "!"');
CREATE TYPE hr.grade AS ENUM ('junior', 'senior');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN email AS citext CHECK (VALUE ~ '@');
CREATE DOMAIN positive AS numeric(10,2) NOT NULL DEFAULT 1 CHECK (VALUE > 0);
CREATE DOMAIN less AS positive CHECK (VALUE < 1000);
CREATE DOMAIN code AS char(3) COLLATE "C";
CREATE DOMAIN moods AS mood[];

-- Quoted names, names that are words elsewhere, domains, native enums, a generated tsvector, indexes of all kinds.
CREATE TABLE "Sales"."Customers" (
    "CustomerID" serial PRIMARY KEY, "Full Name" text NOT NULL, "E-Mail" email UNIQUE, mood mood DEFAULT 'so-so', moods moods, "select" int,
    "and" bool DEFAULT true, "größe" real, since timestamptz(3) DEFAULT now(), born date, price positive, more less, code code,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', "Full Name")) STORED);
CREATE INDEX customers_search ON "Sales"."Customers" USING gin (search);
CREATE INDEX customers_lower ON "Sales"."Customers" (lower("Full Name"));
CREATE UNIQUE INDEX customers_partial ON "Sales"."Customers" ("Full Name") WHERE "and";
-- A one-to-one by its primary key, and types that have no scalar.
CREATE TABLE "Sales"."Addresses" (
    "CustomerID" int PRIMARY KEY REFERENCES "Sales"."Customers" ON DELETE CASCADE, street text, zip char(5), at point, net inet, span int4range,
    busy tstzrange, wait interval, cash money, bits bit(3), flags varbit, x xml, mac macaddr, p pair, "char" "char", o oid, t timetz,
    EXCLUDE USING gist (busy WITH &&));
-- Three relations between the same two tables, an identity that is always generated, arrays.
CREATE TABLE "Sales"."Orders" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES "Sales"."Customers",
    bill_to int REFERENCES "Sales"."Customers" ON DELETE SET NULL, "shipTo" int REFERENCES "Sales"."Customers" DEFERRABLE INITIALLY DEFERRED,
    placed date NOT NULL DEFAULT CURRENT_DATE, total numeric, note text, tags text[] NOT NULL DEFAULT '{}', grid int[][], extra json,
    doc jsonb DEFAULT '{"a": 1}');
CREATE INDEX ON "Sales"."Orders" (customer) INCLUDE (placed);
CREATE INDEX ON "Sales"."Orders" USING hash (note);
CREATE INDEX ON "Sales"."Orders" USING gin (doc);
-- Composite natural keys, a junction with payload and one without.
CREATE TABLE products (sku varchar(12), region char(2), name varchar NOT NULL, rank numeric(3,1), PRIMARY KEY (sku, region), UNIQUE (name, rank));
CREATE TABLE "Sales".order_lines (
    order_id bigint REFERENCES "Sales"."Orders" ON DELETE CASCADE, sku varchar(12), region char(2),
    quantity smallint NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 99), PRIMARY KEY (order_id, sku, region),
    FOREIGN KEY (sku, region) REFERENCES products ON UPDATE CASCADE);
CREATE TABLE labels (id smallserial PRIMARY KEY, name citext UNIQUE NOT NULL);
CREATE TABLE shops (id serial PRIMARY KEY, city text NOT NULL UNIQUE);
CREATE TABLE label_shops (label_id smallint REFERENCES labels ON DELETE CASCADE, shop_id int REFERENCES shops ON DELETE CASCADE, PRIMARY KEY (label_id, shop_id));
CREATE INDEX ON label_shops (shop_id);
-- A table and itself, once and many times; a one-to-one by a unique key; triggers.
CREATE TABLE hr.people (badge text PRIMARY KEY, boss text REFERENCES hr.people, grade hr.grade NOT NULL DEFAULT 'junior', grades hr.grade[], name text, version int);
CREATE TABLE hr.passports (number text PRIMARY KEY, holder text NOT NULL UNIQUE REFERENCES hr.people);
CREATE TABLE hr.friends (a text REFERENCES hr.people, b text REFERENCES hr.people, PRIMARY KEY (a, b));
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE OLD.version + 1 END; RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON hr.people FOR EACH ROW EXECUTE FUNCTION stamp();
-- Partitions within partitions, inheritance, views over everything.
CREATE TABLE events (id bigserial, at timestamptz NOT NULL, kind text, person text REFERENCES hr.people, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2025-01-01') TO (MAXVALUE) PARTITION BY RANGE (at);
CREATE TABLE events_new_all PARTITION OF events_new DEFAULT;
CREATE TABLE base_log (id serial PRIMARY KEY, line text);
CREATE TABLE more_log (more text) INHERITS (base_log);
CREATE VIEW bosses AS SELECT boss, count(*) AS reports FROM hr.people WHERE boss IS NOT NULL GROUP BY boss;
CREATE VIEW product_names AS SELECT sku, region, name FROM products;
CREATE MATERIALIZED VIEW "Sales"."Top" AS SELECT "CustomerID", count(*) AS orders FROM "Sales"."Orders" JOIN "Sales"."Customers" ON customer = "CustomerID" GROUP BY 1;
CREATE UNIQUE INDEX ON "Sales"."Top" ("CustomerID");
-- No key, names in no Latin letters, defaults that call what is here, rules.
CREATE TABLE keyless (a int, b text);
CREATE TABLE "日本" ("名前" text PRIMARY KEY, "値" int CHECK ("値" > 0));
CREATE UNLOGGED TABLE scratch (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), payload bytea);
CREATE SEQUENCE ticket START 100;
CREATE TABLE tickets (no text PRIMARY KEY DEFAULT 'T' || nextval('ticket'), opened timestamp DEFAULT now());
COMMENT ON TABLE tickets IS 'what people ask for';
COMMENT ON COLUMN tickets.no IS 'with a "T" before it';
CREATE RULE keep AS ON DELETE TO tickets DO INSTEAD NOTHING;
ALTER TABLE products ENABLE ROW LEVEL SECURITY;

INSERT INTO "Sales"."Customers" ("Full Name", "E-Mail", mood, moods, "größe", price, more, code) VALUES ('Ada Lovelace', 'Ada@X.org', 'happy "!"', '{sad,so-so}', 1.5, 2.50, 3.5, 'ab');
INSERT INTO "Sales"."Addresses" VALUES (1, 'Main', '123', '(1,2)', '10.0.0.1', '[1,5)', '[2024-01-01 00:00Z,2024-02-01 00:00Z)', '1 day 2 hours', 12.5, '101', '11', '<a/>', '08:00:2b:01:02:03', '(1,z)', 'c', 5, '10:00+02');
INSERT INTO products VALUES ('A1', 'EU', 'Apple', 1.5);
INSERT INTO labels (name) VALUES ('Fruit');
INSERT INTO shops (city) VALUES ('Bern');
INSERT INTO label_shops VALUES (1, 1);
INSERT INTO hr.people VALUES ('b', NULL, 'senior', '{junior}', 'Boss'), ('w', 'b', 'junior', NULL, 'Worker');
INSERT INTO hr.passports VALUES ('P1', 'w');
INSERT INTO hr.friends VALUES ('b', 'w');
INSERT INTO events (at, kind, person) VALUES ('2024-05-01 00:00Z', 'x', 'b'), ('2025-05-01 00:00Z', 'y', 'w');
INSERT INTO base_log (line) VALUES ('one');
INSERT INTO more_log (line, more) VALUES ('two', 'more');
INSERT INTO "Sales"."Orders" (customer, bill_to, total, tags, grid) VALUES (1, 1, 5.55, '{a,b}', '{{1,2},{3,4}}');
INSERT INTO "Sales".order_lines VALUES (1, 'A1', 'EU', 2);
INSERT INTO "日本" VALUES ('一', 1);
INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
INSERT INTO tickets DEFAULT VALUES;
INSERT INTO scratch (payload) VALUES ('\x00ff');
REFRESH MATERIALIZED VIEW "Sales"."Top";
