-- What a caller reads who breaks a rule of the tables: the comment stands in for the constraint's name.

COMMENT ON CONSTRAINT email_check ON DOMAIN email IS 'An e-mail address has one @, no blanks, and a dot behind the @';
COMMENT ON CONSTRAINT isbn13_check ON DOMAIN isbn13 IS 'An ISBN has thirteen digits, the last of which checks the others';
COMMENT ON CONSTRAINT country_code_check ON DOMAIN country_code IS 'A country is two capital letters, as in ISO 3166';
COMMENT ON CONSTRAINT amount_check ON DOMAIN amount IS 'An amount is not negative';

COMMENT ON INDEX customers_email IS 'This e-mail address belongs to a customer already';
COMMENT ON CONSTRAINT books_isbn_key ON books IS 'The shop has a book with this ISBN already';
COMMENT ON CONSTRAINT book_prices_do_not_overlap ON book_prices IS 'A book has one price at a time';
COMMENT ON CONSTRAINT reviews_book_id_customer_id_key ON reviews IS 'A customer reviews a book once';
COMMENT ON CONSTRAINT reviews_rating_check ON reviews IS 'A rating is from 1 to 5';
COMMENT ON CONSTRAINT reviews_book_id_fkey ON reviews IS 'A review is of a book that the shop has';

COMMENT ON CONSTRAINT order_lines_quantity_check ON order_lines IS 'An order is for one copy at least';
COMMENT ON CONSTRAINT order_lines_order_id_book_id_key ON order_lines IS 'A book stands on one line of an order';
COMMENT ON CONSTRAINT order_lines_book_id_fkey ON order_lines IS 'An order is for books that the shop has';
COMMENT ON CONSTRAINT orders_customer_id_fkey ON orders IS 'An order is that of a customer';

COMMENT ON CONSTRAINT stock_is_not_oversold ON stock IS 'No more copies are promised than there are';
COMMENT ON INDEX reservations_once IS 'The copies of an order are reserved once';
COMMENT ON INDEX payments_once IS 'An order is paid once';
COMMENT ON CONSTRAINT payments_provider_reference_key ON payments IS 'This payment is in the books already';
COMMENT ON CONSTRAINT accounts_are_not_overdrawn ON accounts IS 'A customer''s credit does not go below nothing';
