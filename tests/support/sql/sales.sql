-- A small shop. Amounts are in cents.
CREATE DATABASE shop;
\connect shop

-- Nobody gets anything that is not granted below.
REVOKE ALL ON DATABASE shop FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'Customers and what they ordered';

CREATE TABLE sales.customers (
    customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    country char(2) NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE sales.customers IS 'Everybody who has ordered';

CREATE TABLE sales.products (
    sku text PRIMARY KEY,
    title text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    weight_kg numeric(8, 3)
);

CREATE TABLE sales.orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES sales.customers,
    status text NOT NULL CHECK (status IN ('open', 'paid', 'shipped', 'cancelled')),
    ordered_at timestamptz NOT NULL
);

CREATE TABLE sales.order_lines (
    order_id bigint NOT NULL REFERENCES sales.orders,
    line_number integer NOT NULL,
    sku text NOT NULL REFERENCES sales.products,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line_number)
);

CREATE VIEW sales.revenue AS
    SELECT c.country, sum(l.quantity * p.price_cents) AS revenue_cents
    FROM sales.customers c
    JOIN sales.orders o USING (customer_id)
    JOIN sales.order_lines l USING (order_id)
    JOIN sales.products p USING (sku)
    WHERE o.status IN ('paid', 'shipped')
    GROUP BY c.country;

INSERT INTO sales.customers (name, email, country, created_at) VALUES
    ('Ada Quist', 'ada@example.com', 'SE', '2026-01-04 09:12:00+00'),
    ('Bruno Keller', 'bruno@example.com', 'CH', '2026-01-19 16:40:00+00'),
    ('Chiara Neri', 'chiara@example.com', 'IT', '2026-02-02 11:05:00+00'),
    ('Dilek Aydın', 'dilek@example.com', 'TR', '2026-02-27 08:30:00+00');

INSERT INTO sales.products (sku, title, price_cents, weight_kg) VALUES
    ('LAMP-1', 'Desk lamp', 4900, 1.250),
    ('MUG-2', 'Mug, blue', 1200, 0.380),
    ('CHAIR-3', 'Chair, oak', 18900, 6.900),
    ('GIFT-0', 'Gift card', 2500, NULL);

INSERT INTO sales.orders (customer_id, status, ordered_at)
    SELECT 1 + n % 4, (ARRAY['open', 'paid', 'shipped', 'cancelled'])[1 + n % 3], timestamptz '2026-03-01 10:00:00+00' + n * interval '1 day'
    FROM generate_series(0, 11) AS n;

INSERT INTO sales.order_lines (order_id, line_number, sku, quantity)
    SELECT o.order_id, 1, (ARRAY['LAMP-1', 'MUG-2', 'CHAIR-3', 'GIFT-0'])[1 + o.order_id % 4], 1 + o.order_id % 2
    FROM sales.orders o;

CREATE ROLE reader LOGIN PASSWORD 'reader-throw-away-password';
GRANT CONNECT ON DATABASE shop TO reader;
GRANT USAGE ON SCHEMA sales TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO reader;

CREATE ROLE writer LOGIN PASSWORD 'writer-throw-away-password';
GRANT CONNECT ON DATABASE shop TO writer;
GRANT USAGE ON SCHEMA sales TO writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sales TO writer;
