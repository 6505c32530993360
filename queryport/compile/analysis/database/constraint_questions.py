"""The questions that are asked of PostgreSQL's catalogue about all constraints, and about what carries changes to them.

The columns of each are the fields of a class in `constraints`.
"""

CONSTRAINTS = """
SELECT 'i' || i.indexrelid AS id,
  (SELECT 'i' || h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AS parent,
  'unique' AS kind, ic.relname AS name, i.indrelid::bigint AS owner, c.relname AS owner_name, n.nspname AS schema,
  ARRAY(
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (
      a.attnum IN (SELECT k FROM unnest(i.indkey) WITH ORDINALITY u(k, place) WHERE place <= i.indnkeyatts)
      OR (i.indexprs IS NOT NULL AND d.numbers @> ARRAY[a.attnum::integer]))) AS keys,
  ARRAY(
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (a.attnum = ANY(i.indkey) OR a.attnum = ANY(d.numbers)))
    AS touched,
  coalesce(obj_description(k.oid, 'pg_constraint'), obj_description(i.indexrelid, 'pg_class')) AS comment,
  false AS not_null, i.indimmediate AS immediate, 0::bigint AS referred, NULL::name[] AS referred_keys,
  'a' AS on_delete, 'a' AS on_update
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
CROSS JOIN LATERAL (
  SELECT array_agg(refobjsubid) AS numbers FROM pg_depend
  WHERE classid = 'pg_class'::regclass AND objid = i.indexrelid
    AND refclassid = 'pg_class'::regclass AND refobjid = i.indrelid) d
WHERE (i.indisunique OR i.indisexclusion)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
UNION ALL
SELECT 'c' || k.oid, CASE
    WHEN k.conparentid <> 0 THEN 'c' || k.conparentid
    WHEN k.coninhcount > 0 THEN (
      SELECT 'c' || min(above.oid) FROM pg_inherits h JOIN pg_constraint above ON above.conrelid = h.inhparent
      WHERE h.inhrelid = k.conrelid AND above.contype = k.contype AND CASE WHEN k.contype = 'c'
        THEN above.conname = k.conname
        ELSE (SELECT attname FROM pg_attribute WHERE attrelid = above.conrelid AND attnum = above.conkey[1])
          = (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) END) END,
  CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'not null' END,
  k.conname, k.conrelid::bigint, c.relname, n.nspname, own.names, own.names, obj_description(k.oid, 'pg_constraint'),
  false, NOT k.condeferred, k.confrelid::bigint, other.names, k.confdeltype::text, k.confupdtype::text
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT array_agg(attname) AS names FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY(k.conkey)) own
CROSS JOIN LATERAL (
  SELECT array_agg(attname) AS names FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = ANY(k.confkey)) other
WHERE k.contype IN ('c', 'f', 'n') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
UNION ALL
SELECT 'c' || k.oid, NULL, 'domain', k.conname, t.oid::bigint, t.typname, n.nspname, NULL, NULL,
  obj_description(k.oid, 'pg_constraint'), k.contype = 'n', true, 0, NULL, 'a', 'a'
FROM pg_constraint k
JOIN pg_type t ON t.oid = k.contypid
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""

CARRIERS = """
SELECT c.oid::bigint, c.relname AS name,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(a.attnum, a.attname, a.atttypid::bigint)) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
  ARRAY(SELECT h.inhrelid::bigint FROM pg_inherits h WHERE h.inhparent = c.oid) AS children,
  c.relkind = 'p' OR c.relispartition AS is_partitioned,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(t.tgfoid::bigint, t.tgtype)) FROM pg_trigger t
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '[]') AS triggers,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
    WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND d.classid = 'pg_rewrite'::regclass
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid) AS ruled,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_attrdef f JOIN pg_depend d ON d.objid = f.oid
    WHERE f.adrelid = c.oid AND d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_proc'::regclass)
    AS functions,
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '') AS has_generated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""

CODE = """
SELECT p.oid::bigint, p.proname AS name, CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END AS source,
  l.lanname AS language,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.refclassid = 'pg_class'::regclass) AS relations,
  ARRAY(
    SELECT DISTINCT d.refobjid::bigint FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.refclassid = 'pg_proc'::regclass) AS functions
FROM pg_proc p
JOIN pg_language l ON l.oid = p.prolang
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE l.lanname NOT IN ('c', 'internal')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'queryport')
"""
