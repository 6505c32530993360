-- Money: what customers paid for their orders, and the accounts that store credit moves between.

CREATE TYPE payment_method AS ENUM ('card', 'paypal', 'bank_transfer', 'store_credit');

-- authorised: the provider holds the money for us. captured: it is ours. voided: never taken. refunded: given back.
CREATE TYPE payment_status AS ENUM ('authorised', 'captured', 'declined', 'voided', 'refunded');

CREATE TABLE payments (
    payment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id bigint NOT NULL REFERENCES orders,
    method payment_method NOT NULL,
    status payment_status NOT NULL,
    amount amount NOT NULL CHECK (amount > 0),
    -- The provider's name for it. Unique, so that a provider's message which arrives twice is recorded once.
    provider_reference text UNIQUE,
    -- What the provider answered, word for word, for the day on which somebody disputes it.
    provider_response jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_of_order ON payments (order_id);
CREATE INDEX payments_newest ON payments (created_at);
-- An order is paid once. A declined or refunded payment does not stand in the way of the next attempt.
CREATE UNIQUE INDEX payments_once ON payments (order_id) WHERE status IN ('authorised', 'captured');

CREATE TRIGGER payments_touch BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- customer: a customer's store credit. sales, goodwill, vouchers: the shop's own side of it.
CREATE TYPE account_kind AS ENUM ('customer', 'sales', 'goodwill', 'vouchers');

CREATE TABLE accounts (
    account_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind account_kind NOT NULL,
    customer_id uuid UNIQUE REFERENCES customers,
    balance numeric(14, 2) NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'customer') = (customer_id IS NOT NULL)),
    -- Credit is spent only where there is some. The shop's own accounts may go below zero: all balances sum to zero.
    CONSTRAINT accounts_are_not_overdrawn CHECK (balance >= 0 OR kind <> 'customer')
);

-- One account of each of the shop's own kinds.
CREATE UNIQUE INDEX accounts_of_the_shop ON accounts (kind) WHERE kind <> 'customer';

INSERT INTO accounts (kind, opened_at)
VALUES ('sales', '2023-01-01Z'), ('goodwill', '2023-01-01Z'), ('vouchers', '2023-01-01Z');

-- Written once and never changed; a mistake is mended by a transfer back. The caller may bring the identifier,
-- so that a transfer sent twice is made once.
CREATE TABLE transfers (
    transfer_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    from_account integer NOT NULL REFERENCES accounts,
    to_account integer NOT NULL REFERENCES accounts,
    amount amount NOT NULL CHECK (amount > 0),
    order_id bigint REFERENCES orders,
    reason text NOT NULL,
    transferred_at timestamptz NOT NULL DEFAULT now(),
    CHECK (from_account <> to_account)
);

CREATE INDEX transfers_from ON transfers (from_account, transferred_at);
CREATE INDEX transfers_to ON transfers (to_account, transferred_at);
CREATE INDEX transfers_of_order ON transfers (order_id) WHERE order_id IS NOT NULL;

-- The balances follow the transfers; the accounts are locked in the order of their keys and as weakly as stock is.
CREATE FUNCTION balances_follow_transfers() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM accounts
    WHERE account_id IN (SELECT from_account FROM made UNION SELECT to_account FROM made)
    ORDER BY account_id
    FOR NO KEY UPDATE;

    UPDATE accounts
    SET balance = accounts.balance + change.amount
    FROM (
        SELECT account_id, sum(amount) AS amount
        FROM (
            SELECT from_account AS account_id, -amount AS amount FROM made
            UNION ALL
            SELECT to_account, amount FROM made
        ) AS movements
        GROUP BY account_id
    ) AS change
    WHERE accounts.account_id = change.account_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER transfers_made AFTER INSERT ON transfers
REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION balances_follow_transfers();

CREATE FUNCTION transfers_are_final() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'a transfer is never changed or deleted: make one in the other direction';
END
$$;

CREATE TRIGGER transfers_stay BEFORE UPDATE OR DELETE ON transfers
FOR EACH ROW EXECUTE FUNCTION transfers_are_final();
