-- What the rest of the seed is made with. Nothing here is random: every "throw of the dice" is a hash of the row's
-- number, so two databases seeded by these files hold the same rows. The schema is dropped again at the end.

CREATE SCHEMA seed;

-- A number from 0 up to 1 (exclusive), for row n; `throw` tells the throws of one row apart. The hash is the one that
-- decides which partition of a hash-partitioned table a row belongs to, so it cannot change between versions.
CREATE FUNCTION seed.dice(n bigint, throw bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (hashint8extended(n, throw) & 9007199254740991)::double precision / 9007199254740992;

-- A whole number from low to high, both included.
CREATE FUNCTION seed.roll(low integer, high integer, n bigint, throw bigint) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN low + floor(seed.dice(n, throw) * (high - low + 1))::integer;

CREATE FUNCTION seed.pick(words text[], n bigint, throw bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN words[1 + floor(seed.dice(n, throw) * cardinality(words))::integer];

-- A UUID of version 4 in form, though not in origin.
CREATE FUNCTION seed.uuid(kind text, n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN overlay(overlay(md5(kind || n) PLACING '4' FROM 13 FOR 1) PLACING 'a' FROM 17 FOR 1)::uuid;

-- The moment at which this world stands still: no row is younger.
CREATE FUNCTION seed.today() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '2026-06-30T18:00:00Z'::timestamptz;

-- Where people come from, and what they and their streets are called there. `share` sums to 100.
CREATE TABLE seed.places (
    country text PRIMARY KEY,
    share integer NOT NULL,
    given text[] NOT NULL,
    family text[] NOT NULL,
    streets text[] NOT NULL,
    cities text[] NOT NULL
);

INSERT INTO seed.places (country, share, given, family, streets, cities) VALUES
('GB', 28,
 '{Amelia,Oliver,Isla,George,Ava,Harry,Emily,Arthur,Poppy,Theo,Sophie,Leo,Freya,Alfie,Grace,Jack,Willow,Oscar,Eleanor,
       Rhys,Ffion,Hamish,Niamh,Priya,Imran,Aisha}',
 '{Smith,Jones,Taylor,Brown,Williams,Wilson,Johnson,Davies,Patel,Wright,Thompson,Walker,Hughes,Green,Campbell,Begum,
       Clarke,Shaw,Whitfield,Ashworth,Pemberton,Okafor,Llewellyn,MacLeod}',
 '{High Street,Station Road,Church Lane,Victoria Road,Mill Lane,The Crescent,Orchard Close,King''s Road,
       Albert Terrace,Queensway}',
 '{London,Bristol,Leeds,Glasgow,Cardiff,Norwich,Sheffield,York}'),
('IE', 17,
 '{Aoife,Conor,Saoirse,Cian,Róisín,Oisín,Caoimhe,Fionn,Niamh,Darragh,Sinéad,Tadhg,Órla,Pádraig,Éabha,Séamus}',
 '{Murphy,Kelly,Byrne,Ryan,O''Brien,Walsh,O''Sullivan,Doyle,McCarthy,Gallagher,Ó Súilleabháin,Ní Dhomhnaill,Kavanagh,
       Brennan}',
 '{Patrick Street,Main Street,Bóthar na Trá,Abbey Road,Chapel Lane,Grattan Quay,Church Hill}',
 '{Dublin,Cork,Galway,Limerick,Sligo}'),
('DE', 20,
 '{Anna,Jürgen,Käthe,Björn,Sabine,Günter,Lena,Matthias,Zoë,Finn,Ute,Jörg,Charlotte,Emre,Heike,Sören,Ayşe,Friederike}',
 '{Müller,Schmidt,Schröder,Weiß,Böhm,Krüger,Schäfer,Köhler,Groß,Yılmaz,Vogel,Lange,Hoffmann,Jäger,Fuchs,Winkler}',
 '{Lindenstraße,Hauptstraße,Gartenweg,Schillerplatz,Bahnhofstraße,Mühlgasse,Am Kirchberg,Goethestraße}',
 '{Berlin,Köln,München,Tübingen,Lübeck,Dresden,Nürnberg}'),
('FR', 12,
 '{Élodie,François,Chloé,Rémi,Anaïs,Jérôme,Inès,Loïc,Maëlle,Étienne,Zoé,Hélène,Noël,Thaïs}',
 '{Lefèvre,Dubois,Moreau,Gérard,Fontaine,Benoît,Chevalier,Marchand,Lemaître,Rousseau,Hervé,Beaulieu}',
 '{rue de la République,avenue Victor-Hugo,rue des Écoles,place du Marché,quai de la Fosse,rue de l''Église}',
 '{Paris,Lyon,Besançon,Nîmes,Orléans,Rennes}'),
('ES', 8,
 '{Íñigo,María,Álvaro,Lucía,José,Begoña,Raúl,Inés,Andrés,Nuria}',
 '{García,Fernández,Muñoz,Núñez,Ibáñez,Peña,Castaño,Domínguez,Vázquez,Ortuño}',
 '{Calle Mayor,Avenida de la Constitución,Plaza de España,Calle del Cármen,Paseo Marítimo}',
 '{Madrid,Logroño,A Coruña,Málaga,Cádiz}'),
('PL', 6,
 '{Łukasz,Zofia,Michał,Agnieszka,Paweł,Małgorzata,Wojciech,Żaneta,Jędrzej,Bożena}',
 '{Wiśniewska,Kowalczyk,Zieliński,Szymańska,Woźniak,Dąbrowska,Krawczyk,Jabłoński,Wójcik,Błaszczyk}',
 '{ulica Długa,ulica Świętojańska,aleja Mickiewicza,ulica Polna,plac Wolności}',
 '{Kraków,Łódź,Gdańsk,Poznań,Wrocław}'),
('SE', 4,
 '{Åsa,Björn,Märta,Göran,Linnéa,Håkan,Elsa,Sven,Frída,Östen}',
 '{Lindström,Åberg,Nyström,Sjögren,Öberg,Hägglund,Bergqvist,Söderlund}',
 '{Storgatan,Drottninggatan,Björkvägen,Östra Hamngatan,Skolgatan}',
 '{Stockholm,Göteborg,Malmö,Umeå}'),
('GR', 3,
 '{Ελένη,Γιώργος,Μαρία,Νίκος,Αθηνά,Δημήτρης,Σοφία,Κώστας}',
 '{Παπαδοπούλου,Γεωργίου,Οικονόμου,Δημητρίου,Καραγιάννης,Νικολάου,Βασιλείου}',
 '{Ερμού,Πανεπιστημίου,Εγνατία,Αγίου Δημητρίου}',
 '{Αθήνα,Θεσσαλονίκη,Πάτρα}'),
('JP', 2,
 '{春樹,結衣,陽菜,蓮,さくら,大翔,葵,直美}',
 '{佐藤,鈴木,高橋,田中,渡辺,山本,中村,小林}',
 '{神田神保町,祇園町南側,大通西,本町}',
 '{東京,京都,札幌,大阪}');

-- A hundred lots, of which each country has its share: whoever draws one comes from there.
CREATE TABLE seed.lots AS
SELECT row_number() OVER (ORDER BY country) AS lot, country
FROM seed.places CROSS JOIN LATERAL generate_series(1, share);
