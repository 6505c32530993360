"""Statements that only read, each with parameters: what is not in the example project but in somebody's.

`parameters` is what a caller sends; `literals` is how psql would write a value, where a quoted text does not say it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Read:
    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)


EVERY_COLUMN = """
id, c_smallint, c_bigint, c_numeric, c_real, c_double, c_money, c_boolean, c_text, c_varchar, c_char, c_inner_char, c_name,
c_citext, c_uuid, c_bytea, c_bit, c_varbit, c_date, c_time, c_timetz, c_timestamp, c_timestamptz, c_interval, c_json,
c_jsonb, c_hstore, c_xid, c_oid, c_regtype, c_inet, c_cidr, c_macaddr, c_point, c_box, c_path, c_circle, c_int4range,
c_tstzrange, c_multirange, c_price, c_tsvector, c_tsquery, c_vector, c_ltree, c_colour, c_percent, c_list, c_point3,
c_shape, c_ints, c_grid, c_texts, c_colours, c_points, c_jsons, c_boxes, c_stamps, c_numerics, c_bools, c_uuids, c_bytes,
c_percents
"""

READS: dict[str, Read] = {
    # every type as a result, with NULLs and with the values that JSON has no numbers for
    "every_type": Read(f"SELECT {EVERY_COLUMN} FROM lab.everything ORDER BY id"),
    "one_row_as_composite": Read("SELECT e AS whole FROM lab.everything e WHERE id = :id", {"id": 1}),
    "records": Read("SELECT row(1, 'a', NULL) AS r, array[row(1, 2.50), row(3, 4)] AS rs, (1, (2, 3)) AS nested"),
    "empty_things": Read(
        "SELECT '' AS t, '{}'::int[] AS a, '{}'::jsonb AS j, '[]'::jsonb AS l, 'empty'::int4range AS r"
    ),
    "three_dimensions": Read(
        "SELECT '{{{1,2},{3,4}},{{5,6},{7,8}}}'::int[] AS cube, '[0:1]={7,8}'::int[] AS from_zero"
    ),
    "large_text": Read("SELECT repeat('é\"\\', 1000) AS t"),
    "control_characters": Read("SELECT E'\\x01\\t\\b\\f\\u2028' AS t, chr(127) AS d"),
    "big_numbers": Read(
        "SELECT 1e400::numeric AS n, 10::numeric ^ 30 AS p, 1e308::float8 AS d, 1e-320::float8 AS small, -0.0::float8 AS z"
    ),
    "dates_at_the_edges": Read(
        "SELECT '9999-12-31 23:59:59.999999+00'::timestamptz AS a, '12024-01-01'::date AS b, '4713-01-01 BC'::date AS c, "
        "'24:00:00'::time AS d, 'infinity'::interval AS e"
    ),
    "catalogue_types": Read(
        "SELECT c.relname, c.relkind, c.relnamespace, a.attnum FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = :t AND a.attnum > 0 ORDER BY a.attnum",
        {"t": "account"},
    ),
    "system_columns": Read("SELECT ctid, tableoid::regclass AS t, xmin IS NULL AS x FROM account ORDER BY account_id"),
    # every type as a parameter
    "p_smallint": Read("SELECT id FROM lab.everything WHERE c_smallint = :v", {"v": -32768}),
    "p_bigint": Read("SELECT id FROM lab.everything WHERE c_bigint = :v", {"v": 9223372036854775807}),
    "p_numeric": Read(
        "SELECT id FROM lab.everything WHERE c_numeric = :v", {"v": "12345678901234567890.12345678901234567890"}
    ),
    "p_numeric_nan": Read("SELECT id FROM lab.everything WHERE c_numeric = :v", {"v": "NaN"}),
    "p_real": Read("SELECT id FROM lab.everything WHERE c_real = :v", {"v": 1.5}),
    "p_double": Read("SELECT id FROM lab.everything WHERE c_double = :v", {"v": 2.718281828459045}),
    "p_infinity": Read("SELECT id FROM lab.everything WHERE c_double = :v", {"v": "-Infinity"}),
    "p_money": Read("SELECT id FROM lab.everything WHERE c_money = :v", {"v": "$1,234.56"}),
    "p_boolean": Read("SELECT id FROM lab.everything WHERE c_boolean = :v", {"v": True}),
    "p_text": Read("SELECT id FROM lab.everything WHERE c_text = :v", {"v": 'line\none\t"quoted" \\ ünïcödé 🦉'}),
    "p_varchar": Read("SELECT id FROM lab.everything WHERE c_varchar = :v", {"v": "varchar"}),
    "p_char": Read("SELECT id FROM lab.everything WHERE c_char = :v", {"v": "ab"}),
    "p_inner_char": Read("SELECT id FROM lab.everything WHERE c_inner_char = :v", {"v": "x"}),
    "p_name": Read("SELECT id FROM lab.everything WHERE c_name = :v", {"v": "a_name"}),
    "p_citext": Read("SELECT id FROM lab.everything WHERE c_citext = :v", {"v": "mixeD"}),
    "p_uuid": Read("SELECT id FROM lab.everything WHERE c_uuid = :v", {"v": "8C3F7F3A-2F5D-4C2E-9A39-3F1BB2C7E0A1"}),
    "p_bytea": Read("SELECT id FROM lab.everything WHERE c_bytea = :v", {"v": "\\x00ff10"}),
    "p_bit": Read("SELECT id FROM lab.everything WHERE c_bit = :v AND c_varbit = :w", {"v": "1010", "w": "10101"}),
    "p_date": Read("SELECT id FROM lab.everything WHERE c_date = :v", {"v": "2024-02-29"}),
    "p_date_infinity": Read("SELECT id FROM lab.everything WHERE c_date = :v", {"v": "infinity"}),
    "p_time": Read(
        "SELECT id FROM lab.everything WHERE c_time = :v AND c_timetz = :w",
        {"v": "13:14:15.123456", "w": "13:14:15+02"},
    ),
    "p_timestamp": Read("SELECT id FROM lab.everything WHERE c_timestamp = :v", {"v": "2024-02-29T13:14:15.5"}),
    "p_timestamptz": Read(
        "SELECT id FROM lab.everything WHERE c_timestamptz = :v", {"v": "2024-02-29T11:14:15.000001Z"}
    ),
    "p_timestamptz_bc": Read(
        "SELECT id FROM lab.everything WHERE c_timestamptz = :v", {"v": "0044-03-15T12:00:00+00:00 BC"}
    ),
    "p_interval": Read("SELECT id FROM lab.everything WHERE c_interval = :v", {"v": "1 year 2 mons 3 days 04:05:06.7"}),
    "p_jsonb": Read(
        "SELECT id FROM lab.everything WHERE c_jsonb @> :v",
        {"v": {"a": [2.5], "b": 1}},
        {"v": '\'{"a": [2.5], "b": 1}\''},
    ),
    "p_json_path": Read(
        "SELECT jsonb_path_query_array(c_jsonb, :path) AS found FROM lab.everything WHERE id = 1",
        {"path": "$.a[*] ? (@ > 1)"},
    ),
    "p_json_operators": Read(
        "SELECT c_jsonb -> :key AS a, c_jsonb ->> :key AS b, c_jsonb ? :key AS has FROM lab.everything WHERE id = 1",
        {"key": "b"},
    ),
    "p_hstore": Read(
        "SELECT id FROM lab.everything WHERE c_hstore @> :v", {"v": {"a": "1", "b": None}}, {"v": "'a=>1, b=>NULL'"}
    ),
    "p_oid": Read("SELECT id FROM lab.everything WHERE c_oid = :v", {"v": 16384}),
    "p_regtype": Read("SELECT id FROM lab.everything WHERE c_regtype = :v::regtype", {"v": "int4"}),
    "p_inet": Read(
        "SELECT id FROM lab.everything WHERE c_inet = :v AND c_cidr >> :w", {"v": "192.168.1.5/24", "w": "10.1.2.3"}
    ),
    "p_macaddr": Read("SELECT id FROM lab.everything WHERE c_macaddr = :v", {"v": "08:00:2b:01:02:03"}),
    "p_point": Read("SELECT id FROM lab.everything WHERE c_point <@ :v::box", {"v": "(2,2),(-3,-3)"}),
    "p_range": Read(
        "-- params: {n: {type: integer}}\nSELECT id FROM lab.everything WHERE c_int4range @> :n AND c_tstzrange && :r",
        {"n": 5, "r": "[2024-05-01 00:00+00,infinity)"},
        {"n": "5"},
    ),
    "p_own_range": Read("SELECT id FROM lab.everything WHERE c_price @> :v::numeric", {"v": "1.75"}),
    "p_multirange": Read("SELECT id FROM lab.everything WHERE c_multirange = :v", {"v": "{[1,2),[5,6]}"}),
    "p_tsquery": Read(
        "SELECT id, ts_rank(c_tsvector, q) AS rank FROM lab.everything, websearch_to_tsquery('english', :words) q WHERE c_tsvector @@ q",
        {"words": "brown fox"},
    ),
    "p_vector": Read(
        "SELECT id, c_vector <-> :v AS distance FROM lab.everything WHERE c_vector IS NOT NULL ORDER BY c_vector <-> :v",
        {"v": "[0,0,0]"},
    ),
    "p_ltree": Read("SELECT id FROM lab.everything WHERE c_ltree <@ :v", {"v": "top.science"}),
    "p_enum": Read("SELECT id FROM lab.everything WHERE c_colour = :v", {"v": "dark green"}),
    "p_enum_array": Read(
        "SELECT id FROM lab.everything WHERE c_colours && :v", {"v": ["it's", 'blu"e']}, {"v": "'{it''s,\"blu\\\"e\"}'"}
    ),
    "p_domain": Read("SELECT id FROM lab.everything WHERE c_percent = :v::lab.percent", {"v": 99.5}),
    "p_composite": Read(
        "SELECT (:v::lab.point3).y AS y, :v::lab.point3 AS whole",
        {"v": {"x": 1, "y": "2.50", "Label": 'a "b", c'}},
        {"v": '\'(1,2.50,"a ""b"", c")\''},
    ),
    "p_composite_compared": Read(
        "SELECT id FROM lab.everything WHERE c_point3 = :v::lab.point3",
        {"v": {"x": 1, "y": "2.5", "Label": 'a "b", c'}},
        {"v": '\'(1,2.50,"a ""b"", c")\''},
    ),
    "p_nested_composite": Read(
        "SELECT :v::lab.shape AS shape",
        {
            "v": {
                "name": "tri,angle",
                "corners": [{"x": 1, "y": 2.5, "Label": "a"}, {"x": 3, "y": None, "Label": ""}],
                "tint": "red",
            }
        },
        {"v": """'("tri,angle","{""(1,2.5,a)"",""(3,,\\\\""\\\\"")""}",red)'"""},
    ),
    "p_int_array": Read(
        "SELECT employee_id FROM employee WHERE employee_id = ANY(:ids) ORDER BY 1",
        {"ids": [3, 1, 59]},
        {"ids": "'{3,1,59}'"},
    ),
    "p_empty_array": Read(
        "SELECT employee_id FROM employee WHERE employee_id = ANY(:ids)", {"ids": []}, {"ids": "'{}'"}
    ),
    "p_text_array": Read(
        "SELECT :v::text[] AS v",
        {"v": ["", "NULL", None, 'a"b', "c\\d", "{e}", "f,g", " h ", "é"]},
        {"v": """'{"","NULL",NULL,"a\\"b","c\\\\d","{e}","f,g"," h ","é"}'"""},
    ),
    "p_two_dimensions": Read(
        "-- params: {v: {type: 'integer[][]'}}\nSELECT id FROM lab.everything WHERE c_grid = :v",
        {"v": [[1, 2], [3, 4]]},
        {"v": "'{{1,2},{3,4}}'"},
    ),
    "p_jsonb_array": Read(
        "SELECT :v::jsonb[] AS v",
        {"v": [{"a": 1}, [1, "x"], "s"]},
        {"v": """'{"{\\"a\\": 1}","[1, \\"x\\"]","\\"s\\""}'"""},
    ),
    "p_box_array": Read(
        "SELECT :v::box[] AS v", {"v": ["(1,1),(0,0)", "(3,3),(2,2)"]}, {"v": "'{(1,1),(0,0);(3,3),(2,2)}'"}
    ),
    "p_many_kinds_at_once": Read(
        "SELECT :a::int + 1 AS a, :b || '!' AS b, NOT :c AS c, :d::date + 1 AS d, :e::jsonb #>> '{x}' AS e, :f::interval * 2 AS f",
        {"a": 41, "b": "hi", "c": False, "d": "2024-12-31", "e": {"x": [1]}, "f": "01:30:00"},
        {"e": "'{\"x\": [1]}'"},
    ),
    # placeholders in odd places
    "same_name_thrice": Read(
        "SELECT name FROM employee WHERE name = :n OR upper(name) = upper(:n) OR email = :n || '@x.org' ORDER BY 1",
        {"n": "Employee 1"},
    ),
    "in_list": Read(
        "SELECT name FROM employee WHERE dept_id IN (:a, :b) AND salary BETWEEN :low AND :high ORDER BY employee_id",
        {"a": 1, "b": 3, "low": 1200, "high": 1400.5},
    ),
    "limit_and_offset": Read(
        "SELECT name FROM employee ORDER BY employee_id LIMIT :n OFFSET :skip", {"n": 3, "skip": 2}
    ),
    "fetch_first": Read("SELECT name FROM employee ORDER BY salary FETCH FIRST :n ROWS WITH TIES", {"n": 2}),
    "interval_arithmetic": Read(
        "SELECT at + :n * interval '1 hour' AS later FROM event WHERE at < :until ORDER BY at",
        {"n": 2, "until": "2024-01-05T00:00:00Z"},
    ),
    "at_time_zone": Read(
        "SELECT timestamptz '2024-07-01 12:00+00' AT TIME ZONE :zone AS local", {"zone": "Europe/Paris"}
    ),
    "extract": Read("SELECT extract(year FROM :d::date) AS y, date_part('month', :d::date) AS m", {"d": "2024-05-06"}),
    "like_and_regex": Read(
        "SELECT name FROM employee WHERE name ILIKE '%' || :part || '%' AND name ~ :pattern ORDER BY 1",
        {"part": "EE 2", "pattern": "[0-4]$"},
    ),
    "array_slice_and_index": Read(
        "SELECT (array[10, 20, 30, 40])[:i] AS one, (array[10, 20, 30, 40])[2: 3] AS some", {"i": 2}
    ),
    "slice_by_parameters": Read("SELECT (array[10, 20, 30, 40])[:a : :b] AS some", {"a": 2, "b": 3}),
    "case_by_parameter": Read(
        "SELECT CASE :mode WHEN 'short' THEN left(name, 3) ELSE name END AS n FROM employee WHERE employee_id = 1",
        {"mode": "short"},
    ),
    "order_by_case": Read(
        "SELECT name FROM employee WHERE employee_id < 6 ORDER BY CASE WHEN :down THEN -employee_id ELSE employee_id END",
        {"down": True},
    ),
    "parameter_in_values": Read("SELECT v.a, v.b FROM (VALUES (:a::int, 'x'), (2, :b)) v(a, b)", {"a": 1, "b": "y"}),
    "strings_full_of_colons": Read(
        "SELECT ':a' AS \":b\", E'it\\'s :c' AS c, '12:30'::time AS t, 'a''b:c' AS d /* :e */ -- :f\n WHERE :real = 'x'",
        {"real": "x"},
    ),
    "nested_comments": Read("SELECT /* outer /* inner :x */ :y */ 1 AS a, :z AS z", {"z": "zed"}),
    "dollar_quotes_without_colon": Read("SELECT $$it is$$ || $tag$ fine $$ here$tag$ AS t, :a AS a", {"a": "b"}),
    "casts_everywhere": Read(
        "SELECT :a::text::varchar(2) AS a, CAST(:b AS numeric(6, 2)) AS b, (:c)::date AS c, int '5' + :d AS d",
        {"a": "long", "b": "1.005", "c": "2024-01-01", "d": 1},
    ),
    "coalesce_and_nullif": Read(
        "SELECT coalesce(:a, 'none') AS a, nullif(:b, 0) AS b, greatest(:c, 1.5) AS c", {"a": "x", "b": 0, "c": 2}
    ),
    "boolean_logic": Read(
        "SELECT name FROM employee WHERE (:all OR dept_id = 1) AND employee_id <= 5 ORDER BY 1", {"all": False}
    ),
    "array_constructor": Read(
        "SELECT array[:a, :b, 3] AS a, array_position(array['x', 'y'], :c) AS b", {"a": 1, "b": 2, "c": "y"}
    ),
    "any_with_operator": Read(
        "SELECT name FROM employee WHERE skills @> :skills AND 'sql' = ANY(skills) ORDER BY employee_id LIMIT 3",
        {"skills": ["python"]},
        {"skills": "'{python}'"},
    ),
    "row_comparison": Read(
        "SELECT name FROM employee WHERE (dept_id, employee_id) > (:d, :e) ORDER BY dept_id, employee_id LIMIT 2",
        {"d": 3, "e": 50},
    ),
    "unicode_identifiers": Read(
        'SELECT "Id", "select", "with ""quotes""", q, été FROM "Odd Names" WHERE été IS NOT DISTINCT FROM :v ORDER BY "Id"',
        {"v": "chaud"},
    ),
    "column_called_q": Read('SELECT q, upper(q) AS q1 FROM "Odd Names" AS q2 WHERE q = :q', {"q": "Q"}),
    "quoted_output_names": Read('SELECT 1 AS "a b", 2 AS "c""d", 3 AS "É", 4 AS "from", :x AS "{}"', {"x": "y"}),
    # shapes of queries
    "plain_values": Read("VALUES (1, 'a'), (2, 'b')"),
    "table_command": Read("TABLE department ORDER BY dept_id"),
    "no_from": Read("SELECT :a::int AS a WHERE :a > 3", {"a": 2}),
    "union_all": Read(
        "SELECT dept_id AS id, name FROM department WHERE dept_id < :n UNION ALL SELECT employee_id::int, name FROM employee WHERE employee_id < :n ORDER BY 2",
        {"n": 3},
    ),
    "except_intersect": Read(
        "(SELECT dept_id FROM department EXCEPT SELECT :a::int) INTERSECT SELECT dept_id FROM employee ORDER BY 1",
        {"a": 2},
    ),
    "parenthesised": Read("(SELECT name FROM department ORDER BY name LIMIT 1)"),
    "with_query": Read(
        "WITH top AS MATERIALIZED (SELECT dept_id, max(salary) AS most FROM employee GROUP BY dept_id), q AS (SELECT * FROM top) SELECT d.name, q.most FROM q JOIN department d USING (dept_id) WHERE q.most > :least ORDER BY 1",
        {"least": 100},
    ),
    "recursive": Read(
        "WITH RECURSIVE up AS (SELECT dept_id, name, parent_id, 1 AS depth FROM department WHERE dept_id = :start UNION ALL SELECT d.dept_id, d.name, d.parent_id, up.depth + 1 FROM up JOIN department d ON d.dept_id = up.parent_id) SELECT name, depth FROM up ORDER BY depth",
        {"start": 4},
    ),
    "recursive_search_cycle": Read(
        "WITH RECURSIVE t(id, parent) AS (SELECT dept_id, parent_id FROM department WHERE parent_id IS NULL UNION ALL SELECT d.dept_id, d.parent_id FROM t JOIN department d ON d.parent_id = t.id) SEARCH DEPTH FIRST BY id SET o CYCLE id SET looped USING way SELECT id, looped FROM t ORDER BY o"
    ),
    "window": Read(
        "SELECT name, rank() OVER w AS r, sum(salary) OVER (w ROWS BETWEEN :n PRECEDING AND CURRENT ROW) AS s FROM employee WHERE dept_id = :d WINDOW w AS (ORDER BY salary DESC) ORDER BY r LIMIT 4",
        {"n": 1, "d": 2},
    ),
    "lateral": Read(
        "SELECT d.name, top.name AS best FROM department d LEFT JOIN LATERAL (SELECT e.name FROM employee e WHERE e.dept_id = d.dept_id ORDER BY salary DESC LIMIT :n) top ON true ORDER BY 1, 2",
        {"n": 1},
    ),
    "grouping_sets": Read(
        "SELECT dept_id, (hired < :d) AS old, count(*) AS n, grouping(dept_id) AS g FROM employee GROUP BY GROUPING SETS ((dept_id), (2), ()) ORDER BY 4, 1, 2, 3",
        {"d": "2021-01-01"},
    ),
    "filter_and_ordered_aggregates": Read(
        "SELECT count(*) FILTER (WHERE salary > :s) AS n, string_agg(name, ', ' ORDER BY name) FILTER (WHERE employee_id < 4) AS names, percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) AS median, mode() WITHIN GROUP (ORDER BY dept_id) AS m FROM employee",
        {"s": 1300},
    ),
    "json_aggregates": Read(
        "SELECT d.name, json_agg(json_build_object('n', e.name, 's', e.salary) ORDER BY e.employee_id) AS staff FROM department d JOIN employee e USING (dept_id) WHERE e.employee_id < :n GROUP BY d.name ORDER BY 1",
        {"n": 9},
    ),
    "sql_json": Read(
        "SELECT JSON_OBJECT('a': :a::int, 'b': 'x') AS o, JSON_ARRAY(1, :b::text) AS a, JSON_VALUE(:j::jsonb, '$.k') AS v, :j::jsonb IS JSON OBJECT AS is_object",
        {"a": 1, "b": "two", "j": {"k": "v"}},
        {"j": '\'{"k": "v"}\''},
    ),
    "json_table": Read(
        "SELECT t.n, t.s FROM JSON_TABLE(:doc::jsonb, '$[*]' COLUMNS (n int PATH '$.n', s text PATH '$.s')) t",
        {"doc": [{"n": 1, "s": "a"}, {"n": 2}]},
        {"doc": '\'[{"n": 1, "s": "a"}, {"n": 2}]\''},
    ),
    "recordset": Read(
        "SELECT r.a, r.b, r.c FROM jsonb_to_recordset(:rows) AS r(a int, b numeric, c text[]) ORDER BY 1",
        {"rows": [{"a": 2, "b": 1.25, "c": ["x"]}, {"a": 1}]},
        {"rows": '\'[{"a": 2, "b": 1.25, "c": ["x"]}, {"a": 1}]\''},
    ),
    "unnest_together": Read(
        "SELECT u.a, u.b, u.n FROM unnest(:a::int[], :b::text[]) WITH ORDINALITY u(a, b, n)",
        {"a": [1, 2, None], "b": ["x", "y"]},
        {"a": "'{1,2,NULL}'", "b": "'{x,y}'"},
    ),
    "series": Read("SELECT g FROM generate_series(:a::int, :b, 2) g", {"a": 1, "b": 6}),
    "date_series": Read(
        "SELECT g::date AS day FROM generate_series(:a::date, :b::date, interval '1 day') g",
        {"a": "2024-02-28", "b": "2024-03-01"},
    ),
    "exists_and_not_in": Read(
        "SELECT name FROM department d WHERE EXISTS (SELECT FROM employee e WHERE e.dept_id = d.dept_id AND e.salary > :s) AND dept_id NOT IN (SELECT parent_id FROM department WHERE parent_id IS NOT NULL) ORDER BY 1",
        {"s": 1000},
    ),
    "scalar_subquery": Read(
        "SELECT name, (SELECT count(*) FROM employee e WHERE e.dept_id = d.dept_id) AS n FROM department d ORDER BY dept_id"
    ),
    "self_and_full_join": Read(
        "SELECT c.name AS child, p.name AS parent FROM department c FULL JOIN department p ON c.parent_id = p.dept_id ORDER BY 1 NULLS LAST, 2"
    ),
    "natural_and_using": Read(
        "SELECT dept_id, d.name AS dept, e.name FROM department d JOIN employee e USING (dept_id) WHERE employee_id = :id",
        {"id": 7},
    ),
    "distinct_on": Read(
        "SELECT DISTINCT ON (dept_id) dept_id, name FROM employee WHERE hired >= :since ORDER BY dept_id, salary DESC",
        {"since": "2020-06-01"},
    ),
    "table_function": Read("SELECT s.employee_id, s.name FROM staff(:dept) s LIMIT 2", {"dept": 1}),
    "rows_from": Read(
        "SELECT r.a, r.b FROM ROWS FROM (generate_series(1, 2), unnest(:v::text[])) r(a, b)",
        {"v": ["x"]},
        {"v": "'{x}'"},
    ),
    "view": Read("SELECT dept, total, heads FROM payroll WHERE heads > :n ORDER BY dept", {"n": 1}),
    "materialized_view": Read("SELECT dept, total FROM payroll_cache ORDER BY total DESC LIMIT 1"),
    "partitions": Read(
        "SELECT event_id, kind, payload FROM event WHERE at >= :since AND payload @> :p ORDER BY event_id",
        {"since": "2024-06-01T00:00:00+02:00", "p": {"n": 200}},
        {"p": "'{\"n\": 200}'"},
    ),
    "tablesample": Read("SELECT count(*) AS n FROM event TABLESAMPLE SYSTEM (:share)", {"share": 100}),
    "trigram": Read("SELECT similarity('word', :w) AS s, 'word' % :w AS alike", {"w": "wrod"}),
    "regexp_functions": Read(
        "SELECT m[1] AS a FROM regexp_matches('a1b2', '([a-z])', 'g') m, (SELECT :x::int) n(x) WHERE x = 1", {"x": 1}
    ),
    "string_functions": Read(
        "SELECT format('%s-%I-%L', :a::text, 'b c', 'd''e') AS f, concat_ws('/', :a, 1, NULL) AS c, substring(:a FROM 2 FOR 3) AS s, overlay(:a PLACING 'xx' FROM 2) AS o, trim(both 'x' from 'xxhixx') AS t",
        {"a": "hello"},
    ),
    "xid_and_pg_lsn": Read("SELECT '0/16B3748'::pg_lsn AS l, '10:20:10,14'::pg_snapshot AS s"),
    "for_update": Read(
        "SELECT account_id, balance FROM account WHERE account_id = :id FOR UPDATE SKIP LOCKED", {"id": 1}
    ),
    "volatile_and_stable": Read(
        "SELECT now() = now() AS same, random() < 2 AS r, current_setting('TimeZone') AS tz, session_user = current_user AS me"
    ),
    "no_rows": Read("SELECT name FROM employee WHERE employee_id < :n", {"n": 0}),
    "void_function": Read("SELECT pg_sleep(:s) AS slept", {"s": 0}),
    "many_rows": Read("SELECT g AS n, md5(g::text) AS h FROM generate_series(1, :n::int) g", {"n": 5000}),
    "wide_row": Read("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(1, 201))),
}
