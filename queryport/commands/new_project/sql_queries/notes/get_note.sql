-- summary: One note
-- result: one
-- http: GET /notes/{note_id}

SELECT note_id, title, body, written_at FROM notes WHERE note_id = :note_id
