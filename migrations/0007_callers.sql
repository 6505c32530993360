-- Who sees what: the shop itself sees everything, a customer what is their own, everybody else what is for sale.
--
-- The operations that touch these tables have `rls: true`, by which they say on whose behalf they run; see docs/callers.md.
-- Without it, and without a caller, there are no rows. The owner of the tables (migrations, seeds, psql) is not held back.

-- The role that the function and `queryport serve` run as. Roles belong to the whole server, so another database of it may
-- have made it already, even in this very moment. It has no password, so nobody logs in as it before it is given one.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bookshop_app') THEN
        CREATE ROLE bookshop_app LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

-- After a transaction that set it, the setting is an empty text and not NULL.
CREATE FUNCTION caller_claims() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('request.jwt.claims', true), '')::jsonb;

-- NULL, which equals nothing, where the claim is missing or no UUID.
CREATE FUNCTION calling_customer() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN pg_input_is_valid(caller_claims() ->> 'customer_id', 'uuid') THEN (caller_claims() ->> 'customer_id')::uuid
END;

-- The shop's staff, by the scope of their token; callers whom IAM knows, such as the website and the reports; and direct
-- invocations, such as the workflows, unless they give claims, by which they speak for somebody else.
CREATE FUNCTION caller_is_the_shop() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    current_setting('request.caller', true) LIKE 'iam:%'
    OR (current_setting('request.caller', true) = 'direct' AND caller_claims() = '{}')
    OR 'shop.staff' = ANY (string_to_array(caller_claims() ->> 'scope', ' ')),
    false
);

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfers ENABLE ROW LEVEL SECURITY;

-- In a subselect the caller is asked for once a statement, and not once a row.
CREATE POLICY shop ON customers USING ((SELECT caller_is_the_shop()));
CREATE POLICY shop ON reviews USING ((SELECT caller_is_the_shop()));
CREATE POLICY shop ON orders USING ((SELECT caller_is_the_shop()));
CREATE POLICY shop ON payments USING ((SELECT caller_is_the_shop()));
CREATE POLICY shop ON accounts USING ((SELECT caller_is_the_shop()));
CREATE POLICY shop ON transfers USING ((SELECT caller_is_the_shop()));

CREATE POLICY own_seen ON customers FOR SELECT USING (customer_id = (SELECT calling_customer()));
CREATE POLICY own_changed ON customers FOR UPDATE USING (customer_id = (SELECT calling_customer()));

-- What a customer thinks of a book is there to be read by all.
CREATE POLICY all_seen ON reviews FOR SELECT USING (true);
CREATE POLICY own_written ON reviews FOR INSERT WITH CHECK (customer_id = (SELECT calling_customer()));
CREATE POLICY own_changed ON reviews FOR UPDATE USING (customer_id = (SELECT calling_customer()));
CREATE POLICY own_deleted ON reviews FOR DELETE USING (customer_id = (SELECT calling_customer()));

-- An order's steps are the shop's. Its lines name no person and are read by way of their order.
CREATE POLICY own_seen ON orders FOR SELECT USING (customer_id = (SELECT calling_customer()));
CREATE POLICY own_placed ON orders FOR INSERT WITH CHECK (customer_id = (SELECT calling_customer()));

-- The policies of the other table hold in these subselects too.
CREATE POLICY own_seen ON payments FOR SELECT
USING (EXISTS (SELECT FROM orders WHERE orders.order_id = payments.order_id AND customer_id = calling_customer()));

CREATE POLICY own_seen ON accounts FOR SELECT USING (customer_id = (SELECT calling_customer()));
CREATE POLICY own_seen ON transfers FOR SELECT
USING (
    EXISTS (
        SELECT FROM accounts
        WHERE account_id IN (transfers.from_account, transfers.to_account) AND customer_id = calling_customer()
    )
);

-- No more than the operations do; `queryport check --role bookshop_app` proves that it is enough.
GRANT USAGE ON SCHEMA public, queryport TO bookshop_app;
GRANT SELECT ON authors, subjects, offers TO bookshop_app;
GRANT SELECT, INSERT ON book_authors, order_lines, transfers TO bookshop_app;
GRANT SELECT, INSERT, UPDATE ON accounts, books, customers, orders, payments, reservations, stock TO bookshop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON book_prices, reviews, queryport.idempotency_key TO bookshop_app;
