"""The questions that are asked of PostgreSQL's catalogue about relations, functions, operators and types."""

# A NOT NULL binds where PostgreSQL has checked it (it may be NOT VALID) and in each table that inherits from the one
# that is read (it may be NO INHERIT). Foreign tables only promise it, and the system's own tables have no constraints
# beside the mark. A virtual column is computed anew whenever it is read.
RELATIONS = """
WITH RECURSIVE wanted AS (SELECT c.* FROM pg_class c WHERE c.oid = ANY(%(oids)s::oid[])),
family(root, member) AS (
  SELECT oid, oid FROM wanted
  UNION
  SELECT family.root, i.inhrelid FROM family JOIN pg_inherits i ON i.inhparent = family.member),
bound AS (
  SELECT family.root, family.member, a.attnum, a.attname,
         CASE WHEN k.oid IS NULL THEN 0 ELSE k.xmin::text::bigint END AS transaction,
         coalesce(k.cmin::text::bigint, 0) AS command
  FROM family
  JOIN pg_class c ON c.oid = family.member AND c.relkind IN ('r', 'p')
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull AND a.attgenerated <> 'v'
  LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]
  WHERE coalesce(k.convalidated, true)),
members AS (SELECT root, count(*) AS count FROM family GROUP BY root)
SELECT c.oid::bigint, c.relname AS name, c.relkind::text AS kind,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(b.attnum, s.since[1], s.since[2])) FROM bound b
    CROSS JOIN LATERAL (
      SELECT count(*) AS count, max(ARRAY[o.transaction, o.command]) AS since
      FROM bound o WHERE o.root = c.oid AND o.attname = b.attname) s
    WHERE b.root = c.oid AND b.member = c.oid AND s.count = members.count), '[]') AS not_null,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(b.attnum, b.transaction, b.command)) FROM bound b
    WHERE b.root = c.oid AND b.member = c.oid), '[]') AS not_null_itself,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(key.columns, i.indnullsnotdistinct)) FROM pg_index i
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
    CROSS JOIN LATERAL (
      SELECT jsonb_agg(i.indkey[n]) AS columns, bool_and(
        (SELECT o.amopopr FROM pg_opclass oc JOIN pg_amop o ON o.amopfamily = oc.opcfamily AND o.amopstrategy = 3
           AND o.amoplefttype = oc.opcintype AND o.amoprighttype = oc.opcintype WHERE oc.oid = i.indclass[n])
        IN (SELECT o.amopopr FROM pg_opclass own
              JOIN pg_opclass oc ON oc.opcintype = own.opcintype AND oc.opcmethod = own.opcmethod AND oc.opcdefault
              JOIN pg_amop o ON o.amopfamily = oc.opcfamily AND o.amopstrategy = 3
                AND o.amoplefttype = oc.opcintype AND o.amoprighttype = oc.opcintype
            WHERE own.oid = i.indclass[n])) AS by_default
      FROM generate_series(0, i.indnkeyatts - 1) n) key
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indisready AND i.indislive AND i.indimmediate
      AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL AND key.by_default), '[]') AS unique_keys,
  c.relkind <> 'p' AND members.count > 1 AS has_children,
  EXISTS (SELECT FROM family f JOIN pg_class m ON m.oid = f.member WHERE f.root = c.oid AND m.relkind = 'f') AS foreign,
  EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1')
    OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 64 <> 0) AS replaced,
  EXISTS (
    SELECT FROM pg_trigger t JOIN family f ON f.member = t.tgrelid
    WHERE f.root = c.oid AND t.tgtype & 3 = 3) AS rewritten,
  ARRAY(
    SELECT DISTINCT own.attnum::int FROM family f
    JOIN pg_attribute a ON a.attrelid = f.member AND a.attgenerated <> ''
    JOIN pg_attribute own ON own.attrelid = c.oid AND own.attname = a.attname
    WHERE f.root = c.oid) AS generated,
  c.relrowsecurity AS secured, c.relowner::bigint AS owner, c.relpersistence = 't' AS temporary,
  (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policy_count,
  coalesce((SELECT bool_or(option_value::boolean) FROM pg_options_to_table(c.reloptions)
            WHERE option_name = 'security_invoker'), false) AS invoker,
  view.ev_action::text AS definition,
  CASE WHEN view.oid IS NULL THEN ARRAY[0, 0]
  ELSE ARRAY[view.xmin::text::bigint, view.cmin::text::bigint] END AS defined_at,
  CASE WHEN c.relrowsecurity THEN ARRAY(
    SELECT condition::text FROM pg_policy p CROSS JOIN LATERAL (VALUES (p.polqual), (p.polwithcheck)) x(condition)
    WHERE p.polrelid = c.oid AND condition IS NOT NULL)
  ELSE '{}' END AS policies
FROM wanted c
JOIN members ON members.root = c.oid
LEFT JOIN pg_rewrite view ON view.ev_class = c.oid AND view.ev_type = '1' AND view.rulename = '_RETURN'
"""

FUNCTIONS = """
SELECT p.oid::bigint, p.proname AS name, n.nspname AS schema, oidvectortypes(p.proargtypes) AS arguments,
  p.oid < 16384 AND n.nspname = 'pg_catalog' AS built_in, p.proisstrict AS strict, p.provolatile = 'v' AS volatile,
  p.prosecdef AS definer, p.proowner::bigint AS owner, l.lanname AS language,
  (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') AS extension,
  CASE WHEN p.oid < 16384 THEN '' ELSE p.prosrc END AS source,
  array_remove(ARRAY[p.prosqlbody::text, p.proargdefaults::text], NULL) AS trees,
  CASE WHEN a.aggfnoid IS NULL THEN '{}' ELSE array_remove(
    ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
          a.aggmfinalfn]::oid[]::bigint[], 0) END AS calls,
  EXISTS (
    SELECT FROM pg_operator o WHERE o.oprcode = p.oid AND EXISTS (
      SELECT FROM pg_amop m JOIN pg_am am ON am.oid = m.amopmethod AND am.amname = 'btree'
      WHERE m.amopopr IN (o.oid, o.oprnegate) AND m.amoppurpose = 's')) AS compares
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE p.oid = ANY(%(oids)s::oid[])
"""

OPERATORS = """
SELECT o.oid::bigint, o.oprcode::oid::bigint || CASE WHEN o.oid < 16384 THEN '{}' ELSE ARRAY(
    SELECT p.amproc::oid::bigint FROM pg_amop m JOIN pg_amproc p ON p.amprocfamily = m.amopfamily
    WHERE m.amopopr = o.oid) END AS functions
FROM pg_operator o
WHERE o.oid = ANY(%(oids)s::oid[])
"""

TYPES = """
WITH RECURSIVE below(root, oid, base, refuses_null) AS (
  SELECT oid, oid, typbasetype, typnotnull FROM pg_type WHERE oid = ANY(%(oids)s::oid[])
  UNION
  SELECT below.root, t.oid, t.typbasetype, t.typnotnull FROM below JOIN pg_type t ON t.oid = below.base)
SELECT t.oid::bigint,
  (SELECT b.oid::bigint FROM below b WHERE b.root = t.oid AND b.base = 0) AS base,
  (SELECT bool_or(b.refuses_null) FROM below b WHERE b.root = t.oid) AS not_null,
  CASE WHEN t.oid < 16384 THEN '{}' ELSE
    ARRAY[t.typinput, t.typoutput, t.typmodin, t.typsubscript]::oid[]::bigint[]
    || ARRAY(SELECT c.castfunc::oid::bigint FROM pg_cast c
             WHERE c.castsource = t.oid AND c.casttarget IN ('json'::regtype, 'jsonb'::regtype))
    || ARRAY(SELECT p.amproc::oid::bigint FROM pg_opclass oc JOIN pg_amproc p ON p.amprocfamily = oc.opcfamily
             WHERE oc.opcintype = t.oid)
    || ARRAY(SELECT x.fn::oid::bigint FROM pg_range r
             CROSS JOIN LATERAL (VALUES (r.rngcanonical), (r.rngsubdiff)) x(fn) WHERE r.rngtypid = t.oid) END
    AS functions,
  ARRAY(SELECT k.conbin::text FROM pg_constraint k WHERE k.contypid = t.oid AND k.conbin IS NOT NULL) AS trees,
  CASE WHEN t.oid < 16384 AND t.typrelid = 0 THEN '{}' ELSE
    array_remove(ARRAY[t.typelem, t.typbasetype]::oid[]::bigint[], 0)
    || ARRAY(SELECT a.atttypid::bigint FROM pg_attribute a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    || ARRAY(SELECT r.rngsubtype::bigint FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)) END AS parts
FROM pg_type t
WHERE t.oid = ANY(%(oids)s::oid[])
"""

# FORCE alone decides about a table's own owner, which is a superuser in databases for development and not elsewhere.
EXEMPT = """
SELECT c.oid::bigint FROM pg_roles r CROSS JOIN pg_class c
WHERE c.relrowsecurity AND c.relkind IN ('r', 'p') AND r.oid = %(owner)s
  AND CASE WHEN r.oid = c.relowner THEN NOT c.relforcerowsecurity OR (r.rolbypassrls AND NOT r.rolsuper)
      ELSE r.rolsuper OR r.rolbypassrls OR (NOT c.relforcerowsecurity AND pg_has_role(r.oid, c.relowner, 'USAGE')) END
"""

SETTLED = """
SELECT ARRAY(
    SELECT DISTINCT m.amopopr::bigint FROM pg_amop m JOIN pg_am am ON am.oid = m.amopmethod AND am.amname = 'btree'
    WHERE m.amopstrategy = 3 AND m.amoppurpose = 's'
      AND EXISTS (SELECT FROM pg_opclass oc WHERE oc.opcfamily = m.amopfamily AND oc.opcdefault)),
  ARRAY(SELECT oid::bigint FROM pg_collation WHERE NOT collisdeterministic)
"""

NAMED = """
SELECT EXISTS (
    SELECT FROM pg_proc p
    WHERE p.proname = ANY(%(calls)s) AND (p.provolatile = 'v' OR (p.prokind = 'a' AND p.oid >= 16384))
      AND NOT (p.oid < 16384 AND p.proname || '(' || oidvectortypes(p.proargtypes) || ')' = ANY(%(harmless)s)))
  OR EXISTS (
    SELECT FROM pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('v', 'f') AND c.relname = ANY(%(words)s))
  OR EXISTS (
    SELECT FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
    WHERE p.provolatile = 'v' AND o.oprname = ANY(%(words)s))
"""

# Triggers, rules, and the functions behind defaults, constraints, indexes and policies; through inheritance, and
# through foreign keys that carry a change on.
OWN_CODE = """
WITH RECURSIVE reached(root, oid) AS (
  SELECT oid, oid FROM unnest(%(oids)s::oid[]) oid
  UNION
  SELECT reached.root, further.oid FROM reached CROSS JOIN LATERAL (
    SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = reached.oid
    UNION ALL
    SELECT k.conrelid FROM pg_constraint k
    WHERE k.contype = 'f' AND k.confrelid = reached.oid
      AND (k.confdeltype::text || k.confupdtype::text) ~ '[^ar]') further(oid)),
own AS (
  SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
    AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
SELECT DISTINCT root::bigint FROM reached r
WHERE EXISTS (SELECT FROM pg_trigger t JOIN own ON own.oid = t.tgfoid WHERE t.tgrelid = r.oid)
  OR EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = r.oid AND w.ev_type <> '1')
  OR EXISTS (
    SELECT FROM pg_depend d JOIN own ON own.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
    JOIN (
      SELECT 'pg_attrdef'::regclass AS class, a.oid FROM pg_attrdef a WHERE a.adrelid = r.oid
      UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.conrelid = r.oid
      UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE i.indrelid = r.oid
      UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p WHERE p.polrelid = r.oid) part
    ON part.class = d.classid AND part.oid = d.objid)
"""
