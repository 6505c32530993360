CREATE TABLE notes (
    note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL UNIQUE CHECK (title <> ''),
    body text NOT NULL DEFAULT '',
    written_at timestamptz NOT NULL DEFAULT now()
);
