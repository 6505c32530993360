-- The idempotency keys that writes were called with, and what was answered: written by the same statement or transaction
-- that made the change, so that a key is here if and only if the change was made.

CREATE TABLE queryport.idempotency_key (
    operation text,
    key text,
    -- Of the parameters: a key that comes with others is refused.
    request_hash text NOT NULL,
    -- The rows of the answer as they were sent, so that it is the same byte for byte when it is sent again.
    response text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (operation, key)
);

CREATE INDEX idempotency_key_expires_at ON queryport.idempotency_key (expires_at);
