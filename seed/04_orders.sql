-- Three years of orders, from July 2023 to June 2026: more every year, and most of them before Christmas.

-- Order n of 27,000 was placed after n/27,000 of the way; the power makes business grow, the sine makes its seasons.
-- A customer is picked among those who had joined by then, the earlier ones more often.
CREATE TABLE seed.baskets AS
SELECT
    n,
    timestamptz '2023-07-01Z' + interval '1 day' * day AS placed_at,
    1 + floor((730 + day) / 1826 * 11990 * power(seed.dice(n, 402), 1.5))::integer AS reader,
    1 + floor(8 * power(seed.dice(n, 403), 2.3))::integer AS lines
FROM generate_series(1, 27000) AS n
CROSS JOIN LATERAL (SELECT 1095.7 * power((n - seed.dice(n, 401)) / 27000.0, 0.8) AS evenly) AS growth
CROSS JOIN LATERAL (
    SELECT evenly + 24 * (sin(2 * pi() * (evenly + 17.6) / 365.25) - sin(2 * pi() * 17.6 / 365.25)) AS day
) AS season;

-- A few books sell a lot and most sell little. A book that had not appeared yet, or was out of print, falls out of the
-- basket; the first book of each is an older one (those that are not have a popularity of 1 modulo 5), so that hardly
-- any basket is left empty.
CREATE TABLE seed.basket_lines AS
WITH picked AS (
    SELECT n, placed_at, line,
           CASE WHEN line = 1 AND popularity % 5 = 1 THEN popularity + 1 ELSE popularity END AS popularity,
           CASE WHEN seed.dice(n * 8 + line, 411) < 0.92 THEN 1
                ELSE 2 + floor(4 * power(seed.dice(n * 8 + line, 412), 3))::integer END AS quantity
    FROM seed.baskets
    CROSS JOIN LATERAL generate_series(1, lines) AS line
    CROSS JOIN LATERAL (
        SELECT floor(5999 * power(seed.dice(n * 8 + line, 413), 2))::integer AS popularity
    ) AS book
)
SELECT n, book_id, quantity, price,
       row_number() OVER (PARTITION BY n ORDER BY line) AS line_no
FROM (
    SELECT n, 1 + popularity * 7919 % 6000 AS book_id,
           sum(quantity) AS quantity, min(line) AS line, min(placed_at) AS placed_at
    FROM picked
    GROUP BY n, popularity
) AS merged
JOIN book_prices USING (book_id)
WHERE during @> (placed_at AT TIME ZONE 'UTC')::date;

-- What happened to each order, as times: it has taken every step that lies before today.
CREATE TABLE seed.order_histories AS
WITH totals AS (
    SELECT n, sum(quantity * price) AS subtotal FROM seed.basket_lines GROUP BY n
),
planned AS (
    SELECT
        totals.n, placed_at, reader, subtotal,
        CASE
            WHEN subtotal >= 50 THEN 0
            WHEN country IN ('GB', 'IE') THEN 3.95
            WHEN country = 'JP' THEN 18.50
            ELSE 7.90
        END AS shipping,
        CASE
            WHEN seed.dice(totals.n, 421) < 0.66 THEN 'card'
            WHEN seed.dice(totals.n, 421) < 0.80 THEN 'paypal'
            WHEN seed.dice(totals.n, 421) < 0.94 THEN 'bank_transfer'
            ELSE 'store_credit'
        END::payment_method AS method,
        seed.dice(totals.n, 422) < 0.05 AS is_cancelled,
        seed.dice(totals.n, 422) > 0.97 AS is_returned
    FROM totals JOIN seed.baskets USING (n) JOIN seed.readers ON readers.n = reader
),
paid AS (
    SELECT *,
        CASE WHEN is_cancelled AND seed.dice(n, 423) < 0.5 THEN NULL
             WHEN method = 'bank_transfer' THEN placed_at + interval '1 hour' * (8 + 130 * seed.dice(n, 424))
             ELSE placed_at + interval '1 second' * (40 + 600 * power(seed.dice(n, 424), 3))
        END AS paid_at
    FROM planned
),
shipped AS (
    SELECT *,
        CASE WHEN NOT is_cancelled THEN
            paid_at + interval '1 hour' * (2 + 60 * power(seed.dice(n, 425), 2))
        END AS shipped_at,
        CASE WHEN is_cancelled THEN
            coalesce(paid_at, placed_at) + interval '1 hour' * (1 + 20 * seed.dice(n, 426))
        END AS cancelled_at
    FROM paid
),
delivered AS (
    SELECT *, shipped_at + interval '1 hour' * (18 + 200 * power(seed.dice(n, 427), 2.2)) AS delivered_at FROM shipped
)
SELECT
    row_number() OVER (ORDER BY n) AS order_id,
    n, reader, subtotal, shipping, method,
    CASE
        WHEN cancelled_at < seed.today() THEN 'cancelled'
        WHEN is_returned AND delivered_at < seed.today() - interval '20 days' THEN 'returned'
        WHEN delivered_at < seed.today() THEN 'delivered'
        WHEN shipped_at < seed.today() THEN 'shipped'
        WHEN paid_at < seed.today() THEN 'paid'
        WHEN placed_at < seed.today() - interval '2 days' THEN 'reserved'
        ELSE 'placed'
    END::order_status AS status,
    date_trunc('milliseconds', placed_at) AS placed_at,
    date_trunc('milliseconds', CASE WHEN paid_at < seed.today() THEN paid_at END) AS paid_at,
    date_trunc('milliseconds', CASE WHEN shipped_at < seed.today() THEN shipped_at END) AS shipped_at,
    date_trunc('milliseconds', CASE WHEN delivered_at < seed.today() THEN delivered_at END) AS delivered_at,
    date_trunc('milliseconds', CASE WHEN cancelled_at < seed.today() THEN cancelled_at END) AS cancelled_at
FROM delivered;

-- order_id is the number that the identity column gives, as the rows are inserted in its order.
INSERT INTO orders (
    customer_id, status, ship_to, subtotal, shipping, note, tracking_code,
    placed_at, paid_at, shipped_at, delivered_at, cancelled_at
)
SELECT
    customer_id,
    status,
    ROW(
        -- One in twelve is a present for somebody else.
        CASE WHEN seed.dice(order_id, 441) < 0.08
            THEN seed.pick(given, order_id, 442) || ' ' || seed.pick(family, order_id, 443)
            ELSE name
        END,
        street, city, postcode, readers.country
    )::address,
    subtotal,
    shipping,
    CASE WHEN seed.dice(order_id, 441) < 0.08 THEN
        seed.pick('{Happy birthday!,"Please wrap it, it is a present",Alles Gute 🎂,With love from all of us,
              Bon rétablissement,"Leave it with the neighbours, please"}', order_id, 444)
    END,
    CASE WHEN shipped_at IS NOT NULL
        THEN 'QX' || lpad((order_id * 7919 % 1000000000)::text, 9, '0') || readers.country
    END,
    placed_at, paid_at, shipped_at, delivered_at, cancelled_at
FROM seed.order_histories
JOIN seed.readers ON readers.n = reader
JOIN seed.places ON places.country = readers.country
ORDER BY order_id;

INSERT INTO order_lines (order_id, line_no, book_id, quantity, unit_price)
SELECT order_id, line_no, book_id, quantity, price
FROM seed.basket_lines JOIN seed.order_histories USING (n)
ORDER BY order_id, line_no;

-- Some readers write about what they were sent, within two months. A good book is good to most of them.
INSERT INTO reviews (book_id, customer_id, rating, body, written_at)
SELECT
    book_id, customer_id, rating,
    CASE WHEN seed.dice(n, 451) < 0.6 THEN
        CASE
            WHEN rating >= 4 THEN
                seed.pick('{I read it in two evenings.,Read it twice already.,A present for my mother that I kept.,
                    Why did nobody tell me about this earlier?,Wunderbar.,Un petit bijou.,Beautifully made.}', n, 452)
                || ' '
                || seed.pick('{The ending stays with you.,Highly recommended.,My book club argued about it for hours.,
                    I laughed out loud on the train.,The translation is superb.,Clear without being shallow.}', n, 453)
            WHEN rating = 3 THEN
                seed.pick('{Decent.,A mixed bag.,It takes its time.,Good in parts.}', n, 452)
                || ' '
                || seed.pick('{The middle drags.,Too many characters for me.,I expected more maps.,
                    The first half is the better one.}', n, 453)
            ELSE
                seed.pick('{Not for me.,I gave up after a hundred pages.,Disappointing.,
                    Arrived with a dented corner.}', n, 452)
                || ' '
                || seed.pick('{The type is tiny.,Nothing happens.,The blurb promises another book.,
                    I passed it on.}', n, 453)
        END
    END,
    written_at
FROM (
    SELECT DISTINCT ON (book_id, customer_id)
        n, order_id, book_id, customer_id,
        date_trunc('seconds', delivered_at + interval '1 day' * 60 * power(seed.dice(n, 454), 2)) AS written_at,
        greatest(1, least(5, round(
            1.7 + 3.2 * power(seed.dice(book_id, 455), 0.5) + 3 * (seed.dice(n, 456) - 0.45)
        )))::integer AS rating
    FROM orders
    JOIN order_lines USING (order_id)
    CROSS JOIN LATERAL (SELECT order_id * 8 + line_no AS n) AS line
    WHERE delivered_at IS NOT NULL AND seed.dice(n, 457) < 0.3
    ORDER BY book_id, customer_id, order_id
) AS opinions
WHERE written_at < seed.today()
ORDER BY written_at, order_id, book_id;
