-- 2,500 authors, a tree of subjects, 6,000 books with their credits, and what they cost over the years.

WITH people AS (
    SELECT n, country,
           seed.pick(places.given, n, 11) AS given,
           seed.pick(places.family, n, 12) AS family,
           seed.pick(places.cities, n, 13) AS city,
           seed.roll(1890, 1998, n, 14) AS born
    FROM generate_series(1, 2500) AS n
    JOIN seed.lots ON lot = seed.roll(1, 100, n, 10)
    JOIN seed.places USING (country)
)
INSERT INTO authors (name, sort_name, born, died, country, biography)
SELECT
    CASE WHEN country = 'JP' THEN family || ' ' || given ELSE given || ' ' || family END,
    CASE WHEN country = 'JP' THEN family || ' ' || given ELSE family || ', ' || given END,
    CASE WHEN seed.dice(n, 15) < 0.85 THEN born END,
    CASE WHEN seed.dice(n, 15) < 0.85 AND born < 1945 AND seed.dice(n, 16) < 0.8
        THEN born + seed.roll(41, 75, n, 17) END,
    country,
    CASE WHEN seed.dice(n, 18) < 0.4 THEN
        format(
            '%s %s grew up in %s, worked as a %s and began to write %s.', given, family, city,
            seed.pick('{teacher,librarian,surveyor,newsreader,beekeeper,translator,porter,botanist,printer}', n, 19),
            seed.pick('{at sixteen,after the war,late in life,on trains,during a strike,in hospital}', n, 20)
        )
    END
FROM people
ORDER BY n;

-- The shelves. `topics` are what the books of a shelf are about, for titles; fiction is titled otherwise.
CREATE TABLE seed.shelves (area text, parent text, name text, topics text[]);

INSERT INTO seed.shelves (area, parent, name, topics) VALUES
('fiction', NULL, 'Fiction', NULL),
('fiction', 'Fiction', 'Literary fiction', '{}'),
('fiction', 'Fiction', 'Crime', NULL),
('fiction', 'Crime', 'Detective stories', '{}'),
('fiction', 'Crime', 'Nordic noir', '{}'),
('fiction', 'Crime', 'Legal thrillers', '{}'),
('fiction', 'Fiction', 'Science fiction', NULL),
('fiction', 'Science fiction', 'Space opera', '{}'),
('fiction', 'Science fiction', 'Dystopias', '{}'),
('fiction', 'Science fiction', 'Time travel', '{}'),
('fiction', 'Fiction', 'Fantasy', '{}'),
('fiction', 'Fiction', 'Historical fiction', '{}'),
('fiction', 'Fiction', 'Short stories', '{}'),
('fiction', 'Fiction', 'Poetry', '{}'),
('fiction', 'Fiction', 'Romance', '{}'),
('fact', NULL, 'History', NULL),
('fact', 'History', 'Ancient history', '{Carthage,the Hittites,Athenian Democracy,the Roman Road,Sumer,the Etruscans}'),
('fact', 'History', 'Middle Ages', '{the Hanse,Plague Villages,Cathedral Builders,the Silk Road,Charlemagne,
      Viking Ships}'),
('fact', 'History', 'Modern history', '{the Telegraph,Ellis Island,the Cold War,Railways,Partition,the Marshall Plan}'),
('fact', NULL, 'Science', NULL),
('fact', 'Science', 'Physics', '{Entropy,Light,Quantum Fields,Superconductors,Gravity,Time}'),
('fact', 'Science', 'Biology', '{Moss,Octopuses,the Cell,Migration,Fungi,Viruses,Sleep}'),
('fact', 'Science', 'Mathematics', '{Prime Numbers,Symmetry,Probability,Knots,Infinity,Proof}'),
('fact', 'Science', 'Astronomy', '{Comets,Black Holes,the Moon,Exoplanets,Telescopes}'),
('fact', NULL, 'Nature', NULL),
('fact', 'Nature', 'Birds', '{Swifts,Owls,the Dawn Chorus,Corvids,Gulls}'),
('fact', 'Nature', 'Gardening', '{Compost,Roses,the Kitchen Garden,Hedges,Orchards}'),
('fact', 'Nature', 'The sea', '{Tides,Whales,Lighthouses,Kelp,Coral}'),
('fact', NULL, 'Arts', NULL),
('fact', 'Arts', 'Architecture', '{Concrete,Staircases,Timber Houses,the Bauhaus,Bridges}'),
('fact', 'Arts', 'Music', '{Bach,Polyphony,Jazz,the Violin,Silence,Folk Song}'),
('fact', 'Arts', 'Photography', '{Street Photography,Portraits,the Darkroom,Colour}'),
('fact', NULL, 'Cooking', NULL),
('fact', 'Cooking', 'Baking', '{Sourdough,Pastry,Rye,Festive Cakes}'),
('fact', 'Cooking', 'Vegetables', '{Pulses,Fermentation,Roots,Summer Salads}'),
('fact', NULL, 'Society', NULL),
('fact', 'Society', 'Economics', '{Money,Central Banks,Scarcity,Trade,Housing}'),
('fact', 'Society', 'Philosophy', '{Stoicism,Free Will,Attention,Friendship,Boredom}'),
('fact', 'Society', 'Biography', '{a Mapmaker,an Engineer,a Botanist,a Composer,a Printer,a Pilot}'),
('fact', 'Society', 'Travel', '{Trieste,the Faroe Islands,Patagonia,the Danube,Samarkand,the Night Train}'),
('computing', NULL, 'Computing', NULL),
('computing', 'Computing', 'Programming', '{Python,Rust,Compilers,Functional Programming,Legacy Code,Type Systems}'),
('computing', 'Computing', 'Databases', '{PostgreSQL,Query Planning,Data Modelling,Transactions,Full-Text Search}'),
('computing', 'Computing', 'Networks', '{TCP/IP,Wireless Networks,DNS,Distributed Systems}'),
('children', NULL, 'Children', NULL),
('children', 'Children', 'Picture books', '{}'),
('children', 'Children', 'Early readers', '{}'),
('children', 'Children', 'Young adult', '{}'),
('fact', NULL, 'Reference', NULL),
('fact', 'Reference', 'Dictionaries', '{Synonyms,Etymology,Proverbs,Slang}'),
('fact', 'Reference', 'Atlases', '{Rivers,Borders,Historical Maps,the Night Sky}');

INSERT INTO subjects (name) SELECT name FROM seed.shelves WHERE parent IS NULL ORDER BY name;

INSERT INTO subjects (parent_id, name)
SELECT parent.subject_id, shelves.name
FROM seed.shelves JOIN subjects AS parent ON parent.name = shelves.parent AND parent.parent_id IS NULL
ORDER BY shelves.parent, shelves.name;

INSERT INTO subjects (parent_id, name)
SELECT parent.subject_id, shelves.name
FROM seed.shelves JOIN subjects AS parent ON parent.name = shelves.parent AND parent.parent_id IS NOT NULL
ORDER BY shelves.parent, shelves.name;

-- The shelves that books stand on, numbered; a book takes the one that its number throws.
CREATE TABLE seed.leaves AS
SELECT row_number() OVER (ORDER BY subject_id) AS leaf_no, subject_id, area, topics
FROM seed.shelves JOIN subjects USING (name)
WHERE topics IS NOT NULL;

-- Who made which book. Raising an even throw to a power favours low numbers: a few authors wrote a lot.
CREATE TABLE seed.credits AS
SELECT
    n AS book_id,
    1 + (floor(2500 * power(seed.dice(n, 31), 1.7))::integer * 7 + position * 977) % 2500 AS author_id,
    position,
    CASE
        WHEN position = 1 THEN 'author'
        WHEN seed.dice(n, 32) < 0.55 THEN 'author'
        ELSE seed.pick('{translator,illustrator,editor}', n, 33 + position)
    END AS role
FROM generate_series(1, 6000) AS n
CROSS JOIN LATERAL generate_series(
    1, CASE WHEN seed.dice(n, 30) < 0.80 THEN 1 WHEN seed.dice(n, 30) < 0.95 THEN 2 ELSE 3 END
) AS position;

-- How books are titled: a pattern with words for its gaps. A factual title takes its one gap from the shelf's topics.
CREATE TABLE seed.titles (
    style text,
    number integer GENERATED ALWAYS AS IDENTITY,
    pattern text,
    first_words text[],
    second_words text[],
    third_words text[]
);

INSERT INTO seed.titles (style, pattern, first_words, second_words, third_words) VALUES
('fiction', 'The %s %s',
 '{Quiet,Silver,Hollow,Drowned,Paper,Northern,Borrowed,Patient,Burning,Invisible,Crooked,Last}',
 '{Harbour,Orchard,Cartographer,Winter,Garden,River,Archive,Lantern,Bridge,Sister,Country,Hour}', NULL),
('fiction', 'The %s of %s',
 '{Keeper,Ghosts,Bells,Weather,Widow,Map,Fall,Language,Colour,Bookseller}',
 '{Dunmore,Lisbon,Ravenglass,Salt Street,Trieste,the Marshes,Eastgate,Vardø,Nowhere,Saint-Malo}', NULL),
('fiction', '%s and %s',
 '{Salt,Ash,Honey,Iron,Glass,Smoke,Bread,Snow,Thorn,Copper}',
 '{Silence,Bone,Thunder,Feathers,Water,Mercy,Dust,Starlight,Ink,Roses}', NULL),
('fiction', 'The %s''s %s',
 '{Clockmaker,Beekeeper,Pilot,Gravedigger,Translator,Baker,Magistrate,Astronomer,Ferryman,Tailor}',
 '{Daughter,Apprentice,Secret,Oath,Winter,Debt,Wife,Alibi,Return,Map}', NULL),
('fiction', '%s the %s',
 '{Forgetting,Crossing,Burning,Naming,Leaving,Inventing,Counting,Mending}',
 '{River,Dead,Light,Century,Stars,House,Wind,Hours,Border}', NULL),
('fiction', 'What the %s %s',
 '{Gardener,Witness,Tide,Children,Neighbour,Stranger,Judge,Mirror}',
 '{Knew,Saw,Forgot,Took,Said,Left Behind,Buried,Wanted}', NULL),
('fiction', '%s %s %s',
 '{Seven,A Hundred,Twelve,Three,Nine,Forty}',
 '{Winters,Letters,Suspects,Moons,Doors,Promises,Rivers,Witnesses}',
 '{in Vienna,from Home,After Midnight,of Rain,Without You,and a Lie}'),
('fiction', 'Last %s %s',
 '{Train,Letter,Ferry,Summer,Call,Dance,Light}',
 '{to Odessa,from Cork,in Patagonia,Before Dawn,at Low Tide,to Elsewhere}', NULL),
('children', '%s %s %s',
 '{Little,Brave,Sleepy,Hungry,Clever,Tiny,Grumpy,Lost,Curious,Noisy}',
 '{Bear,Hedgehog,Dragon,Robot,Whale,Mouse,Witch,Penguin,Owl,Tractor}',
 '{Goes to Sea,and the Moon,Says No,Builds a House,Finds a Friend,Can''t Sleep,and the Big Storm,Learns to Fly}'),
('de', '%s %s',
 '{Die Stille,Der letzte Sommer,Das Haus,Die Rückkehr,Der Weg,Die Töchter,Ein Jahr,Das Gedächtnis,Der Klang}',
 '{am Fluss,der Möwen,über den Dächern,im Schnee,von Königsberg,ohne Schlüssel,der Bäume,hinter den Dünen}', NULL),
('fr', '%s %s',
 '{L''été,La maison,Le silence,Une année,Le cœur,Les enfants,La dernière nuit,Le goût}',
 '{des forêts,sans étoiles,à Besançon,du garçon perdu,de l''hiver,des îles,d''à côté,de la rivière}', NULL),
('es', '%s %s',
 '{El jardín,La sombra,Los años,Una canción,El sueño,Las hijas,El último tren}',
 '{del corazón,de mañana,sin nombre,de Logroño,del otoño,de las montañas,a ningún lugar}', NULL),
('fact', 'A Short History of %s', NULL, NULL, NULL),
('fact', 'The Secret Life of %s', NULL, NULL, NULL),
('fact', 'Understanding %s', NULL, NULL, NULL),
('fact', 'In Praise of %s', NULL, NULL, NULL),
('fact', 'The Trouble with %s', NULL, NULL, NULL),
('fact', 'Notes on %s', NULL, NULL, NULL),
('fact', 'Rediscovering %s', NULL, NULL, NULL);

-- Every fifth book is new in these three years, the others were there before: order lines rely on it.
WITH drafts AS (
    SELECT
        n, subject_id, area, topics,
        CASE
            WHEN area = 'children' AND seed.dice(n, 41) < 0.5 THEN 'board_book'
            WHEN seed.dice(n, 41) < 0.62 THEN 'paperback'
            WHEN seed.dice(n, 41) < 0.95 OR area = 'computing' THEN 'hardback'
            ELSE 'audio_cd'
        END::book_format AS format,
        CASE
            WHEN area <> 'fiction' OR seed.dice(n, 42) < 0.72 THEN 'en'
            WHEN seed.dice(n, 42) < 0.84 THEN 'de'
            WHEN seed.dice(n, 42) < 0.94 THEN 'fr'
            ELSE 'es'
        END AS language,
        CASE
            WHEN n % 5 = 0 THEN date '2023-07-01' + seed.roll(0, 1090, n, 43)
            ELSE date '2023-06-30' - floor(18000 * power(seed.dice(n, 43), 2.5))::integer
        END AS published_on
    FROM generate_series(1, 6000) AS n
    JOIN seed.leaves ON leaf_no = 1 + floor(power(seed.dice(n, 44), 1.4) * (SELECT count(*) FROM seed.leaves))::integer
),
styles AS (
    SELECT style, min(number) AS first_number, max(number) AS last_number FROM seed.titles GROUP BY style
),
titled AS (
    SELECT
        drafts.*,
        area IN ('fact', 'computing') AS is_factual,
        format(
            pattern,
            seed.pick(coalesce(first_words, topics), n, 51),
            seed.pick(second_words, n, 52),
            seed.pick(third_words, n, 53)
        ) AS title
    FROM drafts
    JOIN styles
        ON style = CASE WHEN language <> 'en' THEN language WHEN area = 'computing' THEN 'fact' ELSE area END
    JOIN seed.titles USING (style)
    WHERE number = seed.roll(first_number, last_number, n, 40)
),
bylines AS (
    -- "A", "A & B", "A, B & C": translators, editors and illustrators are credited, but not on the cover.
    SELECT book_id AS n,
           regexp_replace(string_agg(authors.name, ', ' ORDER BY position), ', ([^,]*)$', ' & \1') AS byline
    FROM seed.credits JOIN authors USING (author_id)
    WHERE role = 'author'
    GROUP BY book_id
)
INSERT INTO books (
    isbn, title, subtitle, byline, publisher, subject_id, format, language, pages, published_on, tags, description,
    details, thumbnail, created_at, updated_at
)
SELECT
    isbn12 || isbn13_check_digit(isbn12),
    title,
    CASE WHEN is_factual AND seed.dice(n, 60) < 0.6 THEN
        seed.pick(
            '{A Guide for the Perplexed,Stories from the Field,What We Got Wrong,An Illustrated Companion,
            From First Principles,Twelve Essays,The Missing Chapter,A Practical Introduction}', n, 61
        )
    END,
    byline,
    seed.pick(
        '{Halcyon Press,Gorse & Reed,Blue Door,Atlas House,Nightjar Books,Kestrel & Sons,Editions du Phare,
        Verlag am Markt,Tidewater,Open Field Press,Lantern Academic,Little Otter,North Quay,Casa Limón}', n, 62
    ),
    subject_id,
    format,
    language,
    CASE format
        WHEN 'audio_cd' THEN NULL
        WHEN 'board_book' THEN seed.roll(10, 32, n, 63)
        ELSE seed.roll(96, 820, n, 63)
    END,
    published_on,
    ARRAY(
        SELECT tag
        FROM unnest(ARRAY[
            'award-winner', 'book-club', 'debut', 'illustrated', 'large-print',
            'local-author', 'series', 'signed', 'staff-pick', 'translated'
        ]) WITH ORDINALITY AS tags (tag, place)
        WHERE seed.dice(n, 200 + place) < 0.22 / place + 0.04
        ORDER BY tag
    ),
    CASE WHEN seed.dice(n, 64) < 0.9 THEN
        format(
            '%s %s, %s. %s',
            seed.pick(
                '{A tender and unsettling,A generous,A very funny,An unsparing,A richly illustrated,A slow-burning,
                A learned,The definitive}', n, 65
            ),
            CASE WHEN is_factual THEN 'account of ' || seed.pick(topics, n, 51) ELSE 'story of ' || seed.pick(
                '{two sisters,a missing ferry,a village choir,an impossible heist,first love,a stubborn detective,
                a family of clockmakers,a lighthouse,exile,a very small dragon}', n, 66
            ) END,
            seed.pick(
                '{told in letters,set over a single winter,based on newly opened archives,with maps and photographs,
                that refuses easy answers,for readers of every age}', n, 67
            ),
            seed.pick(
                '{Longlisted for three prizes.,Now a television series.,First published to little notice.,
                With a new foreword.,Impossible to put down.,A bookseller''s favourite.}', n, 68
            )
        )
    END,
    jsonb_strip_nulls(jsonb_build_object(
        'weight_g', seed.roll(120, 1400, n, 69),
        'size_mm', jsonb_build_object('width', seed.roll(110, 210, n, 70), 'height', seed.roll(170, 290, n, 71)),
        'series', CASE WHEN seed.dice(n, 72) < 0.15 THEN jsonb_build_object(
            'name',
            seed.pick('{The Marsh Quartet,Inspector Aalto,Lighthouse Library,Field Notes,The Long Peace}', n, 73),
            'volume',
            seed.roll(1, 9, n, 74)
        ) END,
        'prizes', CASE WHEN seed.dice(n, 75) < 0.04 THEN
            jsonb_build_array(seed.pick('{Harbour Prize,Golden Quill,Readers'' Medal}', n, 76))
        END
    )),
    -- A bitmap of four by five pixels.
    CASE WHEN seed.dice(n, 77) < 0.7 THEN
        '\x424d7200000000000000360000002800000004000000050000000100180000000000'::bytea
        || '\x3c000000130b0000130b00000000000000000000'::bytea
        || substr(sha512(convert_to('cover ' || n, 'UTF8')), 1, 60)
    END,
    added_at,
    added_at
FROM titled
JOIN bylines USING (n)
CROSS JOIN LATERAL (
    SELECT
        '978' || lpad((n * 80021 % 1000000000)::text, 9, '0') AS isbn12,
        (greatest(published_on - 45, date '2019-03-01') + time '09:00') AT TIME ZONE 'UTC' AS added_at
) AS computed
ORDER BY n;

INSERT INTO book_authors (book_id, author_id, position, role)
SELECT book_id, author_id, position, role FROM seed.credits ORDER BY book_id, position;

-- Half the books keep their first price; others get dearer once, or are reduced for some weeks. Some went out of print.
-- Materialized: each of the seven kinds of period below would else throw a book's dice anew.
WITH lives AS MATERIALIZED (
    SELECT
        book_id,
        greatest(published_on, date '2019-03-01') AS first_day,
        greatest(published_on, date '2019-03-01') + seed.roll(150, 900, book_id, 80) AS change_day,
        seed.roll(14, 45, book_id, 81) AS sale_days,
        seed.dice(book_id, 82) AS fate,
        CASE format
            WHEN 'paperback' THEN seed.roll(8, 15, book_id, 83)
            WHEN 'hardback' THEN seed.roll(18, 38, book_id, 83)
            WHEN 'board_book' THEN seed.roll(5, 9, book_id, 83)
            ELSE seed.roll(14, 26, book_id, 83)
        END
        + (ARRAY[0.99, 0.99, 0.95, 0.50])[seed.roll(1, 4, book_id, 84)] AS price
    FROM books
),
periods AS MATERIALIZED (
    SELECT book_id, price, change_day,
           CASE
               WHEN change_day + sale_days > date '2026-06-01' THEN 'steady'
               WHEN fate < 0.03 THEN 'out of print'
               WHEN fate < 0.35 THEN 'dearer'
               WHEN fate < 0.55 THEN 'sale'
               ELSE 'steady'
           END AS course,
           first_day, change_day + sale_days AS sale_end
    FROM lives
)
INSERT INTO book_prices (book_id, during, price)
SELECT book_id, period.during, period.price
FROM periods
CROSS JOIN LATERAL (
    VALUES
        ('steady', daterange(first_day, NULL), price),
        ('out of print', daterange(first_day, change_day), price),
        ('dearer', daterange(first_day, change_day), price),
        ('dearer', daterange(change_day, NULL), price + 1 + (book_id % 2)),
        ('sale', daterange(first_day, change_day), price),
        ('sale', daterange(change_day, sale_end), round(price * 0.75, 2)),
        ('sale', daterange(sale_end, NULL), price)
) AS period (course, during, price)
WHERE period.course = periods.course AND NOT isempty(period.during)
ORDER BY book_id, period.during;

-- Every order line looks its price up here; without statistics PostgreSQL would not join them by a hash.
ANALYZE book_prices;
