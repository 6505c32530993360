-- result: one
-- http: POST /moves
-- isolation: serializable
-- @taken
UPDATE item SET amount = amount - :n::int WHERE id = :source AND amount > :n RETURNING id;
-- @result
UPDATE item SET amount = amount + :n WHERE id = :target AND :taken.id IS NOT NULL RETURNING id, amount
