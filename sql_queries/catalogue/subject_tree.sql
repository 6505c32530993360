-- summary: Every subject with its path from the top and the number of books below it
-- result: many
-- http: GET /subjects
-- allow: [anyone]
-- cache: {public: true, max_age: 300, stale_while_revalidate: 3600}

WITH RECURSIVE tree AS (
    SELECT subject_id, parent_id, name, ARRAY[name] AS path, ARRAY[subject_id] AS lineage
    FROM subjects
    WHERE parent_id IS NULL
    UNION ALL
    SELECT subjects.subject_id, subjects.parent_id, subjects.name, path || subjects.name, lineage || subjects.subject_id
    FROM tree JOIN subjects ON subjects.parent_id = tree.subject_id
),
shelved AS (
    SELECT subject_id, count(*) AS books FROM books GROUP BY subject_id
),
totals AS (
    SELECT ancestor_id AS subject_id, sum(books)::integer AS books
    FROM tree JOIN shelved USING (subject_id) CROSS JOIN LATERAL unnest(lineage) AS ancestor_id
    GROUP BY ancestor_id
)
SELECT subject_id, parent_id, name, cardinality(path) AS depth, path, coalesce(books, 0) AS books
FROM tree LEFT JOIN totals USING (subject_id)
ORDER BY path
