-- The shop's customers, and what they think of its books.

-- One @, no blanks, a dot in the host: a typing error is caught here, everything else by the confirmation letter.
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' AND length(VALUE) <= 254);

CREATE TYPE address AS (
    recipient text,
    street text,
    city text,
    postcode text,
    country country_code
);

-- A composite type cannot refuse NULL fields by itself; a domain over it can, for every table at once.
-- The postcode may be missing: Ireland got along without one until 2015. (IS NOT DISTINCT FROM NULL, because IS NULL is
-- also true of an address whose fields are all NULL.)
CREATE DOMAIN postal_address AS address CHECK (
    VALUE IS NOT DISTINCT FROM NULL
    OR ((VALUE).recipient <> '' AND (VALUE).street <> '' AND (VALUE).city <> '' AND (VALUE).country IS NOT NULL) IS TRUE
);

CREATE TABLE customers (
    -- A UUID because it appears in links: nobody must be able to count the customers or guess the next one.
    customer_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email email NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    phone text,
    address postal_address,
    newsletter boolean NOT NULL DEFAULT false,
    -- What the website remembers: language, favourite subjects, how often to write.
    preferences jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
    joined_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX customers_email ON customers (lower(email));
CREATE INDEX customers_newest ON customers (joined_at DESC, customer_id DESC);

CREATE TRIGGER customers_touch BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE reviews (
    review_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id integer NOT NULL REFERENCES books ON DELETE CASCADE,
    customer_id uuid NOT NULL REFERENCES customers ON DELETE CASCADE,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body text CHECK (body <> ''),
    written_at timestamptz NOT NULL DEFAULT now(),
    -- One opinion a head: who writes again replaces what they wrote.
    UNIQUE (book_id, customer_id)
);

CREATE INDEX reviews_newest ON reviews (book_id, written_at DESC, review_id DESC);
CREATE INDEX reviews_customer ON reviews (customer_id);
