-- A small bookshop: two books on sale, one customer with fifteen euros of credit, an order of each price.
INSERT INTO subjects (name) VALUES ('Fiction');

INSERT INTO books (isbn, title, byline, publisher, subject_id, format, pages, published_on)
SELECT isbn, title, 'Ada Writer', 'Old House', subject_id, 'paperback', 200, published_on
FROM subjects
CROSS JOIN (VALUES
    ('9780306406157', 'The Old One', date '2015-05-01'),
    ('9783161484100', 'The Older One', date '2014-05-01'),
    ('9780201896831', 'The New One', date '2025-05-01')
) AS book (isbn, title, published_on);

INSERT INTO book_prices (book_id, during, price)
SELECT book_id, daterange(published_on, NULL), 10 FROM books;

INSERT INTO stock (book_id, on_hand) SELECT book_id, 3 FROM books;

INSERT INTO customers (customer_id, email, name, address)
VALUES (
    '00000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada',
    ROW('Ada', '1 High Street', 'Cork', NULL, 'IE')
);
INSERT INTO accounts (kind, customer_id) VALUES ('customer', '00000000-0000-4000-8000-000000000001');
INSERT INTO transfers (from_account, to_account, amount, reason)
SELECT shop.account_id, customer.account_id, 15, 'voucher'
FROM accounts AS shop CROSS JOIN accounts AS customer
WHERE shop.kind = 'vouchers' AND customer.kind = 'customer';

-- Order 1 costs ten euros, order 2 thirty, and order 3 asks for more copies than there are.
INSERT INTO orders (customer_id, ship_to, subtotal, shipping)
SELECT customer_id, address, subtotal, 0
FROM customers CROSS JOIN (VALUES (10), (30), (90)) AS wanted (subtotal);
INSERT INTO order_lines (order_id, line_no, book_id, quantity, unit_price)
VALUES (1, 1, 1, 1, 10), (2, 1, 1, 1, 10), (2, 2, 2, 2, 10), (3, 1, 3, 9, 10);
