-- 12,000 customers, numbered in the order in which they joined.

-- Where everybody lives is kept here for the orders, as some customers have no address on file and still get parcels.
CREATE TABLE seed.readers AS
WITH people AS (
    SELECT
        n, country, cities,
        seed.pick(places.given, n, 301) AS given,
        seed.pick(places.family, n, 302) AS family,
        seed.pick(places.cities, n, 303) AS city,
        seed.pick(places.streets, n, 304) AS street,
        seed.roll(1, 140, n, 305) AS house
    FROM generate_series(1, 12000) AS n
    JOIN seed.lots ON lot = seed.roll(1, 100, n, 300)
    JOIN seed.places USING (country)
)
SELECT
    n,
    seed.uuid('customer', n) AS customer_id,
    CASE WHEN country = 'JP' THEN family || ' ' || given ELSE given || ' ' || family END AS name,
    -- Latin letters lose their accents on the way into a mail address; other scripts are replaced altogether.
    CASE
        WHEN country IN ('GR', 'JP') THEN 'reader'
        ELSE regexp_replace(
            translate(
                lower(given || '.' || family),
                'áàâäåãąçćéèêëęğíìîïıłñńóòôöõøśşúùûüýźżæœß',
                'aaaaaaacceeeeegiiiiilnnoooooossuuuuyzzaos'
            ), '[^a-z.]', '', 'g')
    END || n || seed.pick('{@example.com,@example.com,@example.net,@example.org}', n, 306) AS email,
    country,
    CASE WHEN country IN ('GB', 'IE', 'FR') THEN house || ' ' || street ELSE street || ' ' || house END AS street,
    city,
    CASE country
        WHEN 'GB' THEN
            (ARRAY['N', 'BS', 'LS', 'G', 'CF', 'NR', 'S', 'YO'])[array_position(cities, city)]
            || seed.roll(1, 19, n, 307) || ' ' || seed.roll(1, 9, n, 308)
            || seed.pick('{AA,BD,EH,JL,NP,QT,RW,UX,YZ}', n, 309)
        WHEN 'IE' THEN
            CASE WHEN seed.dice(n, 307) < 0.7
                THEN seed.pick('{D02,T12,H91,V94,F91}', n, 308) || ' ' || seed.pick('{A1B2,C3D4,E5F6,X7Y8}', n, 309)
            END
        WHEN 'PL' THEN seed.roll(10, 99, n, 307) || '-' || seed.roll(100, 999, n, 308)
        WHEN 'SE' THEN seed.roll(100, 984, n, 307) || ' ' || seed.roll(10, 99, n, 308)
        WHEN 'GR' THEN seed.roll(100, 855, n, 307) || ' ' || seed.roll(10, 99, n, 308)
        WHEN 'JP' THEN seed.roll(100, 999, n, 307) || '-' || lpad(seed.roll(0, 9999, n, 308)::text, 4, '0')
        ELSE seed.roll(10000, 95000, n, 307)::text
    END AS postcode,
    -- From two years before the first order to the last day, evenly.
    timestamptz '2021-07-01Z' + (seed.today() - timestamptz '2021-07-01Z') * (n / 12000.0)
        - interval '1 hour' * seed.dice(n, 310) AS joined_at
FROM people;

ALTER TABLE seed.readers ADD PRIMARY KEY (n);

INSERT INTO customers (customer_id, email, name, phone, address, newsletter, preferences, joined_at, updated_at)
SELECT
    customer_id,
    email,
    name,
    CASE WHEN seed.dice(n, 320) < 0.6 THEN
        CASE country
            WHEN 'GB' THEN '+44' WHEN 'IE' THEN '+353' WHEN 'DE' THEN '+49' WHEN 'FR' THEN '+33' WHEN 'ES' THEN '+34'
            WHEN 'PL' THEN '+48' WHEN 'SE' THEN '+46' WHEN 'GR' THEN '+30' WHEN 'JP' THEN '+81'
        END
        || ' ' || seed.roll(20, 99, n, 321) || ' ' || seed.roll(1000000, 9999999, n, 322)
    END,
    CASE WHEN seed.dice(n, 323) < 0.88 THEN ROW(name, street, city, postcode, country)::address END,
    seed.dice(n, 324) < 0.35,
    jsonb_strip_nulls(jsonb_build_object(
        'language',
        CASE country
            WHEN 'GB' THEN 'en' WHEN 'IE' THEN 'en' WHEN 'SE' THEN 'sv' WHEN 'GR' THEN 'el' WHEN 'JP' THEN 'ja'
            ELSE lower(country)
        END,
        'subjects',
        CASE WHEN seed.dice(n, 325) < 0.5
            THEN jsonb_build_array(seed.roll(1, 51, n, 326), seed.roll(1, 51, n, 327))
        END,
        'letters',
        CASE WHEN seed.dice(n, 324) < 0.35 THEN seed.pick('{weekly,weekly,monthly,new-books-only}', n, 328) END,
        'gift_wrap', CASE WHEN seed.dice(n, 329) < 0.1 THEN true END
    )),
    joined_at,
    joined_at + interval '1 day' * floor(extract(epoch FROM seed.today() - joined_at) / 86400 * seed.dice(n, 330))
FROM seed.readers
ORDER BY n;
