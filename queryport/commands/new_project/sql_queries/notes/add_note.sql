-- summary: Write a note
-- description: A title that there is already is a UniqueViolation.
-- result: one
-- http: POST /notes
-- params:
--   title: {minLength: 1, maxLength: 200}
--   body: {default: ""}

INSERT INTO notes (title, body)
VALUES (:title, :body)
RETURNING note_id, title, body, written_at
