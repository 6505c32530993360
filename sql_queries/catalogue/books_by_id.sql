-- summary: Several books at once, in the order in which they were asked for
-- description: For baskets and wish lists, which know their books by number. An unknown book is left out.
-- result: many
-- allow: [anyone]
-- params:
--   book_ids: {minItems: 1, maxItems: 100, uniqueItems: true}

SELECT books.book_id, books.title, books.byline, books.format, offers.price, offers.available
FROM books LEFT JOIN offers ON offers.book_id = books.book_id
WHERE books.book_id = ANY (:book_ids)
ORDER BY array_position(:book_ids, books.book_id)
