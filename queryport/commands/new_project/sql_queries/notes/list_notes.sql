-- summary: The notes, newest first
-- http: GET /notes
-- params:
--   about: {optional: true, description: "Only notes with this word in their title, in any capitals"}
-- page: {by: [note_id desc], size: 20, max: 100}

SELECT note_id, title, written_at
FROM notes
WHERE (:about IS NULL OR title ILIKE '%' || :about || '%')
