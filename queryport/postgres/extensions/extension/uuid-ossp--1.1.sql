-- The functions of PostgreSQL's uuid-ossp, written in SQL: the same names, types and results (RFC 9562).

\echo Use 'CREATE EXTENSION "uuid-ossp"' to load this file. \quit

CREATE FUNCTION uuid_nil() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid '00000000-0000-0000-0000-000000000000';

CREATE FUNCTION uuid_ns_dns() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

CREATE FUNCTION uuid_ns_url() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

CREATE FUNCTION uuid_ns_oid() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid '6ba7b812-9dad-11d1-80b4-00c04fd430c8';

CREATE FUNCTION uuid_ns_x500() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN uuid '6ba7b814-9dad-11d1-80b4-00c04fd430c8';

CREATE FUNCTION uuid_generate_v4() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN gen_random_uuid();

-- Of 16 bytes or more, the first 16 as a UUID of a version.
CREATE FUNCTION queryport_uuid(content bytea, version int) RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN encode(
  set_byte(
    set_byte(substr(content, 1, 16), 6, (get_byte(content, 6) & 15) | (version << 4)),
    8, (get_byte(content, 8) & 63) | 128
  ),
  'hex'
)::uuid;

CREATE FUNCTION queryport_sha1(content bytea) RETURNS bytea IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  padded bytea := content || '\x80'::bytea || decode(repeat('00', (119 - length(content) % 64) % 64), 'hex')
    || int8send(length(content) * 8::bigint);
  mask CONSTANT bigint := 4294967295;
  h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
  w bigint[];
  a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
  at int;
BEGIN
  FOR block IN 0 .. length(padded) / 64 - 1 LOOP
    FOR i IN 0 .. 15 LOOP
      at := block * 64 + i * 4;
      w[i] := (get_byte(padded, at)::bigint << 24) | (get_byte(padded, at + 1)::bigint << 16)
        | (get_byte(padded, at + 2)::bigint << 8) | get_byte(padded, at + 3)::bigint;
    END LOOP;
    FOR i IN 16 .. 79 LOOP
      t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
      w[i] := ((t << 1) | (t >> 31)) & mask;
    END LOOP;
    a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
    FOR i IN 0 .. 79 LOOP
      IF i < 20 THEN
        f := (b & c) | (~b & mask & d); k := 1518500249;
      ELSIF i < 40 THEN
        f := b # c # d; k := 1859775393;
      ELSIF i < 60 THEN
        f := (b & c) | (b & d) | (c & d); k := 2400959708;
      ELSE
        f := b # c # d; k := 3395469782;
      END IF;
      t := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[i]) & mask;
      e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := t;
    END LOOP;
    h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
  END LOOP;
  RETURN substr(int8send(h[1]), 5) || substr(int8send(h[2]), 5) || substr(int8send(h[3]), 5)
    || substr(int8send(h[4]), 5) || substr(int8send(h[5]), 5);
END $$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN queryport_uuid(decode(md5(uuid_send(namespace) || convert_to(name, 'UTF8')), 'hex'), 3);

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN queryport_uuid(queryport_sha1(uuid_send(namespace) || convert_to(name, 'UTF8')), 5);

-- Of the time (60 bits, tenths of microseconds since 15 October 1582), a random clock sequence, and a node whose first
-- byte is marked as no real address.
CREATE FUNCTION queryport_uuid_of_now(node bytea, mark int) RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
  SELECT queryport_uuid(
    substr(ticks, 5, 4) || substr(ticks, 3, 2) || substr(ticks, 1, 2) || substr(uuid_send(gen_random_uuid()), 1, 2)
      || set_byte(node, 0, get_byte(node, 0) | mark),
    1
  )
  FROM (
    SELECT int8send(
      (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000 + floor(random() * 10)::int
    ) AS ticks
  ) AS now;
END;

-- A machine's address is not to be had in SQL: the server's own number stands for it.
CREATE FUNCTION uuid_generate_v1() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN queryport_uuid_of_now(substr(int8send((SELECT system_identifier FROM pg_control_system())), 3), 1);

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN queryport_uuid_of_now(substr(uuid_send(gen_random_uuid()), 1, 6), 3);
