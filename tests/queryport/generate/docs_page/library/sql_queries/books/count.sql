-- result: value
SELECT count(*) AS books FROM book
