"""Built-in functions that never answer NULL where none of their arguments is NULL.

PostgreSQL does not say this of a function: `proisstrict` is the other direction. So the functions are listed, and only
those of pg_catalog that PostgreSQL brings along count, by their oids; a function of the same name elsewhere is another.
A test calls every one of them with many values, among them NaN, infinities, empty arrays and JSON nulls, which make
such functions as to_char, extract, time and array_length answer NULL.
"""

import re

_INTEGERS = tuple(
    f"int{widths}{operation}"
    for widths in ("2", "4", "8", "24", "42", "28", "82", "48", "84")
    for operation in ("pl", "mi", "mul", "div")
)
_INTEGER_WIDTH = tuple(
    f"int{width}{operation}"
    for width in "248"
    for operation in ("abs", "um", "up", "mod", "and", "or", "xor", "not", "shl", "shr")
)
_FLOATS = tuple(
    f"float{widths}{operation}" for widths in ("4", "8", "48", "84") for operation in ("pl", "mi", "mul", "div")
)
_NAMES = """
abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 power pow mod div gcd lcm factorial degrees radians
pi sin cos tan cot asin acos atan atan2 sinh cosh tanh width_bucket trim_scale to_hex to_bin to_oct
float4abs float4um float4up float8abs float8um float8up dround dtrunc dsqrt dcbrt dpow dexp dlog1 dlog10
numeric_add numeric_sub numeric_mul numeric_div numeric_mod numeric_uminus numeric_uplus numeric_abs numeric_power
numeric_sqrt numeric_exp numeric_ln numeric_log
cash_pl cash_mi cash_div_cash cash_div_flt4 cash_div_flt8 cash_div_int2 cash_div_int4 cash_div_int8 cash_mul_flt4
cash_mul_flt8 cash_mul_int2 cash_mul_int4 cash_mul_int8 flt4_mul_cash flt8_mul_cash int2_mul_cash int4_mul_cash
int8_mul_cash
int2(integer) int2(bigint) int2(real) int2(double_precision) int2(numeric)
int4(smallint) int4(bigint) int4(real) int4(double_precision) int4(numeric) int4(boolean) int4("char")
int4(bit)
int8(smallint) int8(integer) int8(real) int8(double_precision) int8(numeric) int8(oid) int8(bit)
float4(smallint) float4(integer) float4(bigint) float4(numeric) float4(double_precision)
float8(smallint) float8(integer) float8(bigint) float8(numeric) float8(real)
numeric(smallint) numeric(integer) numeric(bigint) numeric(real) numeric(double_precision) numeric(money)
numeric(numeric,integer)
money bool(integer) oid(bigint) bit varbit
text(boolean) text(character) text(inet) text(name) text("char") name varchar bpchar char
textcat anytextcat textanycat lower(text) upper(text) initcap casefold length char_length character_length octet_length
bit_length textlen substr substring(text,integer) substring(text,integer,integer) substring(bytea,integer)
substring(bytea,integer,integer) left right lpad rpad ltrim rtrim btrim repeat replace reverse translate split_part
strpos position overlay starts_with ascii chr md5 sha224 sha256 sha384 sha512 quote_ident quote_literal encode decode
regexp_replace regexp_count regexp_instr regexp_like regexp_split_to_array similar_to_escape like_escape unistr
normalize is_normalized convert_to convert_from byteacat like notlike
textlike textnlike texticlike texticnlike textregexeq textregexne texticregexeq texticregexne bpcharlike bpcharnlike
bpchariclike bpcharicnlike bpcharregexeq bpcharregexne bpcharicregexeq bpcharicregexne namelike namenlike nameiclike
nameicnlike nameregexeq nameregexne nameicregexeq nameicregexne bytealike byteanlike
to_char(numeric,text) to_char(integer,text) to_char(bigint,text) to_char(real,text) to_char(double_precision,text)
to_date to_timestamp
now transaction_timestamp statement_timestamp clock_timestamp timeofday
date timestamp timestamptz interval time(time_without_time_zone,integer) timetz(time_with_time_zone,integer)
time(time_with_time_zone) timetz(time_without_time_zone)
date_trunc date_bin date_add date_subtract age isfinite make_date make_time make_timestamp make_timestamptz
make_interval justify_days justify_hours justify_interval timezone date_part(text,time_without_time_zone)
date_part(text,time_with_time_zone) extract(text,time_without_time_zone) extract(text,time_with_time_zone)
date_pli date_mii date_mi integer_pl_date date_pl_interval date_mi_interval interval_pl_date datetime_pl timedate_pl
datetimetz_pl timetzdate_pl time_pl_interval time_mi_interval time_mi_time interval_pl_time timetz_pl_interval
timetz_mi_interval interval_pl_timetz timestamp_pl_interval timestamp_mi_interval interval_pl_timestamp timestamp_mi
timestamptz_pl_interval timestamptz_mi_interval interval_pl_timestamptz timestamptz_mi interval_pl interval_mi
interval_um interval_mul interval_div mul_d_interval
gen_random_uuid uuidv4 uuidv7 random random_normal
to_json to_jsonb row_to_json array_to_json json_typeof jsonb_typeof json_array_length jsonb_array_length
json_strip_nulls jsonb_strip_nulls jsonb_pretty jsonb_concat jsonb_delete jsonb_delete_path jsonb_set jsonb_insert
jsonb_exists jsonb_exists_any jsonb_exists_all jsonb_contains jsonb_contained json_object jsonb_object
cardinality array_to_string(anyarray,text) array_append array_prepend array_cat array_remove array_replace
array_positions trim_array array_reverse array_sort arraycontains arraycontained arrayoverlap string_to_array(text,text)
isempty lower_inc upper_inc lower_inf upper_inf range_contains range_contained_by range_contains_elem
elem_contained_by_range range_overlaps range_before range_after range_overleft range_overright range_adjacent
range_union range_intersect range_minus range_merge
multirange_contains_elem elem_contained_by_multirange multirange_contains_range multirange_contains_multirange
range_overlaps_multirange multirange_overlaps_range multirange_overlaps_multirange
multirange_union multirange_minus multirange_intersect
int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange
host masklen netmask hostmask network broadcast family abbrev set_masklen inet_same_family inet_merge cidr inetand
inetor inetnot inetpl inetmi inetmi_int8 int8pl_inet network_sub network_subeq network_sup network_supeq
network_overlap
to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_match_vq ts_match_qv ts_match_tt
ts_match_tq ts_rank ts_rank_cd ts_headline setweight tsvector_concat tsquery_and tsquery_or tsquery_not strip numnode
bitand bitor bitxor bitnot bitcat bitshiftleft bitshiftright bit_count get_bit set_bit get_byte set_byte
current_database version getdatabaseencoding pg_backend_pid txid_current pg_current_xact_id
current_setting(text) nextval currval lastval setval pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_unlock
regclass xideq xidneq xideqint4 xidneqint4 overlaps jsonb_path_query_array jsonb_path_query_array_tz
"""
_NEVER_NULL = frozenset({*_INTEGERS, *_INTEGER_WIDTH, *_FLOATS, *_NAMES.split()})

# Whatever their arguments are, unless these are given as one VARIADIC array, which may be NULL as a whole.
_NEVER_NULL_AT_ALL = frozenset(
    {
        *("concat", "json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object"),
        *("num_nulls", "num_nonnulls", "quote_nullable", "pg_typeof", "enum_range", "enum_first", "enum_last"),
        *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
    }
)
_NULL_OF_FIRST_ALONE = frozenset({"concat_ws", "format"})

_COUNTS = frozenset({"count", "regr_count"})
_GROUP_AT_ALL = frozenset({"array_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg"})
_GROUP_NEVER_NULL = frozenset(
    {
        *("sum", "avg", "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor", "any_value"),
        *("string_agg", "json_agg_strict", "jsonb_agg_strict", "json_object_agg_strict", "jsonb_object_agg_strict"),
        *("json_object_agg_unique", "jsonb_object_agg_unique", "json_object_agg_unique_strict"),
        *("jsonb_object_agg_unique_strict", "stddev_pop", "var_pop", "range_agg", "range_intersect_agg"),
        *("mode", "percentile_cont", "percentile_disc"),
    }
)
_WINDOW_NEVER_NULL = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "count"})
_OWN_ROW = frozenset({"first_value", "last_value"})

_SET_NEVER_NULL = frozenset(
    {
        *("generate_series", "generate_subscripts", "regexp_split_to_table", "json_object_keys", "jsonb_object_keys"),
        *("json_array_elements", "jsonb_array_elements", "jsonb_path_query", "string_to_table(text,text)"),
    }
)
_PAIRS = {
    **dict.fromkeys(("json_each", "jsonb_each"), (True, True)),
    **dict.fromkeys(("json_each_text", "jsonb_each_text"), (True, False)),
}
_FIELDS_OF_INFINITY = frozenset({b"epoch", b"year", b"decade", b"century", b"millennium", b"isoyear", b"julian"})
"""Fields that PostgreSQL extracts from infinity as infinity."""


_OF_EXTENSIONS = {
    "uuid-ossp": frozenset({"uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuid_nil"}),
    "pg_trgm": frozenset({"similarity", "similarity_dist", "similarity_op", "word_similarity"}),
    "citext": frozenset({"texticlike", "texticnlike", "citext"}),
    "unaccent": frozenset({"unaccent"}),
    "vector": frozenset({"l2_distance", "l1_distance", "inner_product", "cosine_distance", "vector_dims"}),
    "ltree": frozenset({"nlevel", "ltree_isparent", "ltree_risparent", "ltree2text", "text2ltree"}),
}
_HARMLESS_OF_EXTENSIONS = {
    "uuid-ossp": frozenset({"uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"}),
}


def _listed(names: frozenset[str], name: str, arguments: str) -> bool:
    return name in names or f"{name}({re.sub(' *, *', ',', arguments).replace(' ', '_')})" in names


def never_null_of_arguments(name: str, arguments: str) -> bool:
    """Whether a built-in function answers no NULL where no argument is one; `arguments` as oidvectortypes has them."""
    return _listed(_NEVER_NULL, name, arguments)


def never_null_at_all(name: str) -> bool:
    """Whether a built-in function answers no NULL, called without VARIADIC."""
    return name in _NEVER_NULL_AT_ALL


def null_of_first_alone(name: str) -> bool:
    """Whether a built-in function, called without VARIADIC, answers NULL only where its first argument is NULL."""
    return name in _NULL_OF_FIRST_ALONE


def columns_of_rows(name: str, arguments: str) -> tuple[bool, ...]:
    """Say of each column of a built-in set-returning function whether it is never NULL, as far as it is known."""
    return _PAIRS.get(name) or (_listed(_SET_NEVER_NULL, name, arguments),)


def field_of_infinity(field: bytes) -> bool:
    """Whether `extract` of a field answers no NULL for infinity either."""
    return field.lower() in _FIELDS_OF_INFINITY


def counts(name: str) -> bool:
    """Whether a built-in aggregate answers no NULL at all."""
    return name in _COUNTS


def never_null_over_rows(name: str) -> bool:
    """Whether a built-in aggregate answers no NULL over at least one row, whatever its arguments are."""
    return name in _GROUP_AT_ALL


def never_null_over_a_group(name: str) -> bool:
    """Whether a built-in aggregate answers no NULL over at least one row whose arguments are not NULL."""
    return name in _GROUP_NEVER_NULL or name in _GROUP_AT_ALL


def never_null_in_a_window(name: str) -> bool:
    """Whether a built-in window function answers no NULL at all."""
    return name in _WINDOW_NEVER_NULL


def value_of_a_row_in_the_frame(name: str) -> bool:
    """Whether a built-in window function answers its argument for a row of the frame, and NULL for an empty one."""
    return name in _OWN_ROW


def never_null_of_extension(extension: str | None, name: str) -> bool:
    """Whether a function that an extension brought answers no NULL where no argument is one."""
    return extension is not None and name in _OF_EXTENSIONS.get(extension, ())


def is_harmless(name: str, arguments: str, extension: str | None) -> bool:
    """Whether a volatile function, PostgreSQL's own or an extension's, changes nothing all the same."""
    if extension is not None:
        return name in _HARMLESS_OF_EXTENSIONS.get(extension, ())
    return f"{name}({arguments})" in HARMLESS


READING_BY_NAME = frozenset(
    {
        *("table_to_xml", "table_to_xml_and_xmlschema", "schema_to_xml", "schema_to_xml_and_xmlschema"),
        *("database_to_xml", "database_to_xml_and_xmlschema"),
    }
)
"""Built-in functions that read relations which only a value names: a view among them may call what writes."""

HARMLESS = frozenset(
    {
        *("clock_timestamp()", "gen_random_uuid()", "random()", "random_normal(double precision, double precision)"),
        *("random(integer, integer)", "random(bigint, bigint)", "random(numeric, numeric)", "timeofday()"),
        *("uuidv4()", "uuidv7()", "uuidv7(interval)", "pg_sleep(double precision)", "pg_sleep_for(interval)"),
        *("pg_sleep_until(timestamp with time zone)", "currval(regclass)", "lastval()"),
    }
)
"""Built-in functions that are VOLATILE only because each call answers something else."""
