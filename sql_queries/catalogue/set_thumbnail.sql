-- summary: Replace the little picture that stands in for a cover while it loads
-- result: none
-- http: PUT /books/{book_id}/thumbnail
-- body: {parameter: image, types: [image/bmp]}
-- params:
--   image: {maxLength: 8194, description: "The file's bytes in hexadecimal after \\x, at most 4 KB"}

UPDATE books SET thumbnail = :image WHERE book_id = :book_id
