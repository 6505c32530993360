-- What a development database starts with; never run anywhere else.
INSERT INTO notes (title, body) VALUES ('Shopping', 'Milk, two litres'), ('Ideas', 'Write fewer of them down');
