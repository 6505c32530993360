CREATE TABLE author (author_id int PRIMARY KEY, name text, born date);
CREATE TABLE book (
    book_id serial PRIMARY KEY, author_id int REFERENCES author, title text, price numeric DEFAULT 1, pages int
);
CREATE TABLE note (note_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, words text);
CREATE SEQUENCE ticket;
CREATE SCHEMA "Other";
CREATE TABLE "Other"."Odd ""Table" ("A column" int, plain int);
CREATE VIEW cheap AS SELECT book_id, title FROM book WHERE price < 5;
CREATE VIEW mine WITH (security_invoker = true) AS SELECT book_id, title FROM book WHERE price < 5;
CREATE VIEW both_ways AS SELECT title FROM mine;

CREATE FUNCTION pages_of(int) RETURNS int LANGUAGE sql STABLE
BEGIN ATOMIC SELECT pages FROM book WHERE book_id = $1; END;
CREATE FUNCTION pages_of_text(number int) RETURNS int LANGUAGE sql STABLE
AS $$ SELECT pages FROM book WHERE book_id = number; $$;
CREATE FUNCTION pages_as_owner(int) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER
AS $$ SELECT pages FROM book WHERE book_id = $1 $$;
CREATE FUNCTION pages_by_steps(number int) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE found_pages int;
BEGIN
    SELECT b.pages INTO found_pages FROM book b WHERE b.book_id = number;
    IF found_pages IS NULL THEN found_pages := (SELECT count(*) FROM note); END IF;
    RETURN pages_of(found_pages);
END $$;
CREATE FUNCTION anything(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; END $$;
CREATE FUNCTION hidden(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
REVOKE EXECUTE ON FUNCTION hidden(int) FROM PUBLIC;
CREATE OPERATOR <#> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4mi);
CREATE DOMAIN small AS int CHECK (hidden(VALUE) < 100);

CREATE TABLE audit (word text, at timestamptz DEFAULT now(), audit_id bigserial);
CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (word) VALUES (NEW.words);
    UPDATE author SET born = NULL WHERE name = NEW.words;
    RETURN NEW;
END $$;
CREATE TRIGGER audited AFTER INSERT ON note FOR EACH ROW EXECUTE FUNCTION audited();

CREATE TABLE guarded (guarded_id int, owner text, checked int CHECK (hidden(checked) > 0), doubled int GENERATED ALWAYS AS
    (hidden(checked)) STORED);
CREATE TABLE member (name text, secret text);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY members ON guarded USING (owner IN (SELECT name FROM member));
