-- summary: Put the books of a delivery on the shelves
-- description: A book may be listed more than once; a book without a place on the shelves gets one.
-- result: many
-- http: POST /deliveries
-- params:
--   boxes:
--     minItems: 1
--     maxItems: 500
--     items:
--       type: object
--       required: [book_id, copies]
--       additionalProperties: false
--       properties:
--         book_id: {type: integer}
--         copies: {type: integer, minimum: 1, maximum: 10000}

INSERT INTO stock AS shelf (book_id, on_hand)
SELECT book_id, sum(copies)
FROM jsonb_to_recordset(:boxes) AS box (book_id integer, copies integer)
GROUP BY book_id
-- In the order of the keys, in which reservations lock the shelves too: nobody waits for each other in a circle.
ORDER BY book_id
ON CONFLICT (book_id) DO UPDATE SET on_hand = shelf.on_hand + EXCLUDED.on_hand
RETURNING book_id, on_hand, reserved, available
