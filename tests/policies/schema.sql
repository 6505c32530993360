-- Policies of the kinds that Supabase's and PostgREST's documents have, with their own functions, word for word.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'policies_login') THEN
    CREATE ROLE policies_anon; CREATE ROLE policies_authenticated; CREATE ROLE policies_login LOGIN;
    CREATE ROLE policies_definer BYPASSRLS;
    GRANT policies_anon, policies_authenticated TO policies_login WITH INHERIT FALSE, SET TRUE;
  END IF;
END $$;

CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
  )::text
$$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;
CREATE SCHEMA storage;
CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE _parts text[];
BEGIN
  select string_to_array(name, '/') into _parts;
  return _parts[1:array_length(_parts, 1) - 1];
END $$;

-- Everybody reads, each writes its own.
CREATE TABLE profiles (id uuid PRIMARY KEY, username text NOT NULL, website text);
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Public profiles are viewable by everyone." ON profiles FOR SELECT USING (true);
CREATE POLICY "Users can insert their own profile." ON profiles FOR INSERT WITH CHECK ((select auth.uid()) = id);
CREATE POLICY "Users can update own profile." ON profiles FOR UPDATE USING ((select auth.uid()) = id);

-- The owner alone; who is no user sees nothing; nobody gives a row away.
CREATE TABLE todos (todo_id int PRIMARY KEY, user_id uuid NOT NULL, task text NOT NULL, done boolean NOT NULL DEFAULT false);
ALTER TABLE todos ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Individuals can create todos." ON todos FOR INSERT WITH CHECK (auth.uid() = user_id);
CREATE POLICY "Individuals can view their own todos." ON todos FOR SELECT USING ((select auth.uid()) = user_id);
CREATE POLICY "Individuals can update their own todos." ON todos FOR UPDATE USING (auth.uid() = user_id)
    WITH CHECK (auth.uid() = user_id);
CREATE POLICY "Individuals can delete their own todos." ON todos FOR DELETE USING (auth.uid() = user_id);

-- Tenants, by a claim within a claim.
CREATE TABLE invoices (invoice_id int PRIMARY KEY, tenant_id int NOT NULL, total numeric(10, 2) NOT NULL);
CREATE INDEX ON invoices (tenant_id);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON invoices
    USING (tenant_id = (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::int);

-- Members of a team, through a function that is not held to the policies of the table that it reads.
CREATE TABLE members (team_id int NOT NULL, user_id uuid NOT NULL, PRIMARY KEY (team_id, user_id));
CREATE TABLE documents (document_id int PRIMARY KEY, team_id int NOT NULL, title text NOT NULL);
CREATE SCHEMA private;
CREATE FUNCTION private.teams() RETURNS SETOF int LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  select team_id from public.members where user_id = (select auth.uid())
$$;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Members see their team" ON members FOR SELECT USING (team_id IN (SELECT private.teams()));
CREATE POLICY "Team members work on documents" ON documents USING (team_id IN (SELECT private.teams()));

-- Membership by a join in the policy itself.
CREATE TABLE boards (board_id int PRIMARY KEY, owner_id uuid NOT NULL, title text NOT NULL);
CREATE TABLE cards (card_id int PRIMARY KEY, board_id int NOT NULL REFERENCES boards, body text NOT NULL);
ALTER TABLE boards ENABLE ROW LEVEL SECURITY;
ALTER TABLE cards ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_boards ON boards USING (owner_id = auth.uid());
CREATE POLICY cards_of_own_boards ON cards USING (
    EXISTS (SELECT 1 FROM boards b WHERE b.board_id = cards.board_id AND b.owner_id = auth.uid()));

-- A role in the claims, and arrays of claims.
CREATE TABLE audit (audit_id int PRIMARY KEY, what text NOT NULL);
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY admins ON audit USING ((auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');
CREATE POLICY auditors ON audit FOR SELECT USING (coalesce((auth.jwt() -> 'app_metadata' -> 'groups') ? 'audit', false));

-- Files in folders, as Supabase's storage has them.
CREATE TABLE storage.objects (object_id int PRIMARY KEY, bucket_id text NOT NULL, name text NOT NULL, owner uuid);
ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Public bucket" ON storage.objects FOR SELECT USING (bucket_id = 'public');
CREATE POLICY "Own folder" ON storage.objects USING (
    bucket_id = 'private' AND (storage.foldername(name))[1] = (select auth.uid()::text));

-- A restrictive policy beside a permissive one: a second factor for every change.
CREATE TABLE payouts (payout_id int PRIMARY KEY, user_id uuid NOT NULL, amount int NOT NULL);
ALTER TABLE payouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_payouts ON payouts USING (user_id = auth.uid());
CREATE POLICY second_factor ON payouts AS RESTRICTIVE FOR UPDATE USING ((select auth.jwt() ->> 'aal') = 'aal2');
CREATE POLICY bounded ON payouts AS RESTRICTIVE FOR ALL USING (true) WITH CHECK (amount <= 100);

-- Nobody, since there is no policy.
CREATE TABLE secrets (secret_id int PRIMARY KEY, text text NOT NULL);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;

-- Policies for roles: PostgREST takes the role of the claims.
CREATE TABLE posts (post_id int PRIMARY KEY, author uuid NOT NULL, published boolean NOT NULL, title text NOT NULL);
ALTER TABLE posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY published ON posts FOR SELECT TO policies_anon USING (published);
CREATE POLICY published_or_own ON posts FOR SELECT TO policies_authenticated USING (published OR author = auth.uid());
CREATE POLICY own_posts ON posts FOR ALL TO policies_authenticated USING (author = auth.uid());

CREATE VIEW open_todos WITH (security_invoker) AS SELECT todo_id, user_id, task FROM todos WHERE NOT done;
CREATE FUNCTION complete(id int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.todos SET done = true WHERE todo_id = id;
  RETURN FOUND;
END $$;

INSERT INTO profiles VALUES
    ('00000000-0000-4000-8000-00000000000a', 'alice', 'a.example'), ('00000000-0000-4000-8000-00000000000b', 'bob', NULL);
INSERT INTO todos SELECT n, ('00000000-0000-4000-8000-00000000000' || chr(97 + n % 2))::uuid, 'task ' || n FROM generate_series(1, 20) n;
INSERT INTO invoices SELECT n, 1 + n % 3, n * 1.5 FROM generate_series(1, 30) n;
INSERT INTO members VALUES (1, '00000000-0000-4000-8000-00000000000a'), (2, '00000000-0000-4000-8000-00000000000a'),
    (2, '00000000-0000-4000-8000-00000000000b'), (3, '00000000-0000-4000-8000-00000000000c');
INSERT INTO documents SELECT n, 1 + n % 3, 'document ' || n FROM generate_series(1, 15) n;
INSERT INTO boards SELECT n, ('00000000-0000-4000-8000-00000000000' || chr(97 + n % 2))::uuid, 'board ' || n FROM generate_series(1, 6) n;
INSERT INTO cards SELECT n, 1 + n % 6, 'card ' || n FROM generate_series(1, 24) n;
INSERT INTO audit SELECT n, 'did ' || n FROM generate_series(1, 5) n;
INSERT INTO storage.objects VALUES (1, 'public', 'logo.png', NULL),
    (2, 'private', '00000000-0000-4000-8000-00000000000a/one.txt', NULL),
    (3, 'private', '00000000-0000-4000-8000-00000000000b/two.txt', NULL),
    (4, 'private', 'one.txt', NULL), (5, 'private', '00000000-0000-4000-8000-00000000000a/deep/er.txt', NULL);
INSERT INTO payouts SELECT n, ('00000000-0000-4000-8000-00000000000' || chr(97 + n % 2))::uuid, n FROM generate_series(1, 8) n;
INSERT INTO secrets VALUES (1, 'the secret');
INSERT INTO posts SELECT n, ('00000000-0000-4000-8000-00000000000' || chr(97 + n % 2))::uuid, n % 3 = 0, 'post ' || n
FROM generate_series(1, 12) n;

GRANT USAGE ON SCHEMA auth, storage, private, queryport TO policies_login, policies_anon, policies_authenticated;
GRANT ALL ON ALL TABLES IN SCHEMA public, storage TO policies_login, policies_authenticated;
GRANT SELECT ON posts, profiles TO policies_anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON queryport.idempotency_key TO policies_login;
GRANT SELECT ON members TO policies_definer;
GRANT USAGE ON SCHEMA auth TO policies_definer;
ALTER FUNCTION private.teams() OWNER TO policies_definer;
