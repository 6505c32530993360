-- The books' versions: by them, of two who edit the same book, the second is told instead of undoing what the first did.

-- Counts every change of a row, whichever operation makes it.
CREATE FUNCTION next_version() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.version = OLD.version + 1;
    RETURN NEW;
END
$$;

ALTER TABLE books ADD COLUMN version integer NOT NULL DEFAULT 1;

CREATE TRIGGER books_version BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION next_version();
