-- What was paid for the orders, and the customers' store credit.

-- Their histories without the columns that orders has as well.
CREATE TABLE seed.payers AS SELECT order_id, method, reader FROM seed.order_histories;

-- A declined attempt came before one payment in thirty.
INSERT INTO payments (
    payment_id, order_id, method, status, amount, provider_reference, provider_response, created_at, updated_at
)
SELECT
    seed.uuid('declined', order_id), order_id, method, 'declined', total,
    'pay_' || substr(md5('declined ' || order_id), 1, 20),
    jsonb_build_object(
        'code', seed.pick('{insufficient_funds,expired_card,do_not_honour}', order_id, 601),
        'retry', order_id % 2 = 0
    ),
    paid_at - interval '15 seconds', paid_at - interval '15 seconds'
FROM orders JOIN seed.payers USING (order_id)
WHERE paid_at IS NOT NULL AND method IN ('card', 'paypal') AND seed.dice(order_id, 602) < 0.035
ORDER BY order_id;

INSERT INTO payments (
    payment_id, order_id, method, status, amount, provider_reference, provider_response, created_at, updated_at
)
SELECT
    seed.uuid('payment', order_id), order_id, method,
    CASE WHEN status IN ('cancelled', 'returned') THEN 'refunded' ELSE 'captured' END::payment_status,
    total,
    CASE WHEN method <> 'store_credit' THEN 'pay_' || substr(md5('payment ' || order_id), 1, 20) END,
    CASE method
        WHEN 'card' THEN jsonb_build_object(
            'brand', seed.pick('{visa,visa,mastercard,amex}', order_id, 603),
            'last4', lpad(seed.roll(0, 9999, order_id, 604)::text, 4, '0'),
            'three_d_secure', seed.dice(order_id, 605) < 0.9
        )
        WHEN 'paypal' THEN jsonb_build_object('payer', substr(md5('payer ' || reader), 1, 13))
        WHEN 'bank_transfer' THEN jsonb_build_object(
            'iban_end', lpad(seed.roll(0, 9999, order_id, 604)::text, 4, '0')
        )
    END,
    paid_at,
    -- A refund followed within the fortnight.
    CASE status
        WHEN 'cancelled' THEN cancelled_at + interval '5 minutes'
        WHEN 'returned' THEN delivered_at + interval '14 days'
        ELSE paid_at
    END
FROM orders JOIN seed.payers USING (order_id)
WHERE paid_at IS NOT NULL
ORDER BY order_id;

INSERT INTO accounts (kind, customer_id, opened_at)
SELECT 'customer', customer_id, joined_at FROM seed.readers ORDER BY n;

-- Vouchers and apologies arrive, orders are paid from them, refunds of those come back. The balances follow by trigger.
-- The voucher that an order is paid from is redeemed a day earlier, and larger by up to ten euros.
WITH customer_accounts AS (
    SELECT account_id, customer_id, opened_at FROM accounts WHERE kind = 'customer'
),
shop AS (
    SELECT
        min(account_id) FILTER (WHERE kind = 'sales') AS sales,
        min(account_id) FILTER (WHERE kind = 'goodwill') AS goodwill,
        min(account_id) FILTER (WHERE kind = 'vouchers') AS vouchers
    FROM accounts
),
credit_orders AS (
    SELECT order_id, account_id, amount, payments.status, payments.created_at, payments.updated_at
    FROM payments JOIN orders USING (order_id) JOIN customer_accounts USING (customer_id)
    WHERE method = 'store_credit'
),
movements AS (
    SELECT 'redeem ' || order_id AS name, vouchers AS from_account, account_id AS to_account,
           ceil(amount / 5) * 5 + 5 * (order_id % 2) AS amount,
           NULL::bigint AS order_id, 'voucher' AS reason, created_at - interval '1 day' AS transferred_at
    FROM credit_orders, shop
    UNION ALL
    SELECT 'spend ' || order_id, account_id, sales, amount, order_id, 'order', created_at FROM credit_orders, shop
    UNION ALL
    SELECT 'refund ' || order_id, sales, account_id, amount, order_id, 'refund', updated_at
    FROM credit_orders, shop WHERE status = 'refunded'
    UNION ALL
    SELECT 'voucher ' || account_id, vouchers, account_id,
           (ARRAY[10, 20, 25, 50])[seed.roll(1, 4, account_id, 611)], NULL, 'voucher',
           opened_at + (seed.today() - opened_at) * seed.dice(account_id, 612)
    FROM customer_accounts, shop WHERE seed.dice(account_id, 613) < 0.25
    UNION ALL
    SELECT 'apology ' || order_id, goodwill, account_id, 5, order_id, 'late delivery', delivered_at + interval '1 day'
    FROM orders JOIN customer_accounts USING (customer_id), shop
    WHERE delivered_at - shipped_at > interval '8 days' AND delivered_at < seed.today() - interval '1 day'
)
INSERT INTO transfers (transfer_id, from_account, to_account, amount, order_id, reason, transferred_at)
SELECT overlay(overlay(md5(name) PLACING '4' FROM 13 FOR 1) PLACING 'a' FROM 17 FOR 1)::uuid,
       from_account, to_account, amount, order_id, reason, date_trunc('milliseconds', transferred_at)
FROM movements
ORDER BY transferred_at, name;
