-- The catalogue: what the shop sells, who wrote it, where it stands on the shelves, and what it costs when.

-- Excluding overlapping periods of one book's price needs an equality operator for GiST. A trusted extension, so the
-- owner of the database may create it; Aurora has it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TYPE book_format AS ENUM ('hardback', 'paperback', 'board_book', 'audio_cd');

-- The shop keeps its books in euros; a second currency would be a column, not a setting.
CREATE DOMAIN amount AS numeric(10, 2) CHECK (VALUE >= 0);

CREATE DOMAIN country_code AS text CHECK (VALUE ~ '^[A-Z]{2}$');

-- The thirteenth digit that makes the weighted sum of all digits (1, 3, 1, 3, …) a multiple of ten.
CREATE FUNCTION isbn13_check_digit(first_twelve text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT ((10 - sum(digit::int * CASE WHEN place % 2 = 0 THEN 3 ELSE 1 END) % 10) % 10)::text
    FROM string_to_table(first_twelve, NULL) WITH ORDINALITY AS digits (digit, place)
);

-- Stored without hyphens: where they go depends on a table that the ISBN agency changes every few weeks.
-- CASE and not AND, because PostgreSQL may evaluate the sides of an AND in either order.
CREATE DOMAIN isbn13 AS text CHECK (
    CASE WHEN VALUE ~ '^97[89][0-9]{10}$' THEN right(VALUE, 1) = isbn13_check_digit(left(VALUE, 12)) ELSE false END
);

CREATE FUNCTION touch_updated_at() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

CREATE TABLE authors (
    author_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    -- What the spines are sorted by: "Le Guin, Ursula K." stands under L.
    sort_name text NOT NULL CHECK (sort_name <> ''),
    born smallint CHECK (born BETWEEN 1400 AND 2100),
    died smallint,
    country country_code,
    biography text,
    CHECK (died >= born)
);

-- LIKE 'prefix%' can use a plain index only in the C collation; this one serves it in any.
CREATE INDEX authors_sort_name ON authors (lower(sort_name) text_pattern_ops);

-- A tree of some fifty nodes. The depth is not limited, so queries walk it with a recursive CTE.
CREATE TABLE subjects (
    subject_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id integer REFERENCES subjects,
    name text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (parent_id, name),
    CHECK (parent_id <> subject_id)
);

CREATE TABLE books (
    book_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    isbn isbn13 NOT NULL UNIQUE,
    title text NOT NULL CHECK (title <> ''),
    subtitle text,
    -- The authors as the cover prints them. Kept here too because a search must find them with the title, and an index
    -- covers one table only.
    byline text NOT NULL,
    publisher text NOT NULL,
    subject_id integer NOT NULL REFERENCES subjects,
    format book_format NOT NULL,
    language text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}$'),
    pages smallint CHECK (pages > 0),
    published_on date NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    description text,
    -- Whatever else a publisher's feed says: dimensions, series, prizes, the translator.
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    -- A picture of a few hundred bytes that pages show, blurred, until the real cover has loaded.
    thumbnail bytea CHECK (octet_length(thumbnail) <= 4096),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('english', byline), 'A')
        || setweight(to_tsvector('english', coalesce(subtitle, '')), 'B')
        || setweight(to_tsvector('english', coalesce(description, '')), 'C')
    ) STORED
);

CREATE INDEX books_search ON books USING gin (search);
CREATE INDEX books_tags ON books USING gin (tags);
CREATE INDEX books_newest ON books (published_on DESC, book_id DESC);
CREATE INDEX books_of_subject ON books (subject_id, published_on DESC, book_id DESC);

CREATE TRIGGER books_touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE book_authors (
    book_id integer REFERENCES books ON DELETE CASCADE,
    author_id integer REFERENCES authors,
    position smallint NOT NULL CHECK (position > 0),
    role text NOT NULL DEFAULT 'author' CHECK (role IN ('author', 'editor', 'translator', 'illustrator')),
    PRIMARY KEY (book_id, author_id),
    UNIQUE (book_id, position)
);

CREATE INDEX book_authors_author ON book_authors (author_id);

-- What a book costs on which days. No two periods of one book overlap; a gap means that it is not for sale.
-- The constraint is checked at the end of the statement, so that one statement may close a period and open the next.
CREATE TABLE book_prices (
    book_id integer NOT NULL REFERENCES books ON DELETE CASCADE,
    during daterange NOT NULL CHECK (NOT isempty(during)),
    price amount NOT NULL,
    CONSTRAINT book_prices_do_not_overlap EXCLUDE USING gist (book_id WITH =, during WITH &&) DEFERRABLE
);
