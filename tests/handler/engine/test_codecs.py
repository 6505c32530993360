"""Values as PostgreSQL reads them: what goes in as JSON comes back from PostgreSQL as the same JSON."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.contract import exact_json
from handler.contract.patterns import FINITE_DECIMAL
from handler.contract.sql import Codec
from handler.engine.codecs import EncodingError, encoder

_POINT = ["row", [["x", "scalar"], ["y", "scalar"], ["label", "scalar"]]]

# PostgreSQL stores every character but U+0000; half a surrogate pair is no character.
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_TRICKY = (
    st.sampled_from(["", "NULL", "null", '"', "\\", "{}", "{a,b}", "(,)", ",", " a ", "a\nb", "'", "é😀"]) | _TEXTS
)
_POINTS = st.fixed_dictionaries(
    {"x": st.none() | st.integers(-(2**31), 2**31 - 1), "y": st.none() | st.integers(), "label": st.none() | _TRICKY}
)


class Database:
    """Reads a text as a type, and answers the JSON of what it read."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def read(self, text: str, sql_type: str) -> Any:
        cursor = self._connection.execute(f"SELECT to_json($1::text::{sql_type})::text".encode(), [text])
        return json.loads(cursor.fetchall()[0][0], parse_float=Decimal)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Database]:
    with psycopg.connect(database_url, autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
        yield Database(connection)


def _encoded(value: Any, codec: Codec, schema: Any = None) -> str:
    return encoder(codec, schema or {})(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a\tb", "a\tb"), (True, "true"), (False, "false"), (-7, "-7"), (Decimal("1.10"), "1.10"), ("", "")],
)
def test_scalars_are_their_own_text(value: Any, text: str) -> None:
    assert _encoded(value, "scalar") == text


@pytest.mark.parametrize("written", ["1.0", "1E+3", "-0.0", "1E+30"])
def test_a_whole_number_is_written_without_a_fraction_where_the_schema_asks_for_one(written: str) -> None:
    schema = {"type": ["integer", "null"]}
    assert int(_encoded(Decimal(written), "scalar", schema)) == int(Decimal(written))


def test_a_fraction_keeps_its_zeros_where_the_schema_asks_for_a_number() -> None:
    assert _encoded(Decimal("1.00"), "scalar", {"type": "number"}) == "1.00"


def test_whole_numbers_are_seen_inside_of_arrays_and_rows() -> None:
    integers = {
        "type": "array",
        "items": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
    }
    assert _encoded([[Decimal("2.0"), None]], ["array", "scalar"], integers) == '{{"2",NULL}}'
    row = {"anyOf": [{"type": "object", "properties": {"x": {"type": "integer"}}}, {"type": "null"}]}
    assert _encoded({"x": Decimal("3.0")}, ["row", [["x", "scalar"]]], row) == '("3")'


@pytest.mark.parametrize("codec", ["scalar", ["array", "scalar"], _POINT, "hstore"])
def test_values_of_another_kind_are_refused(codec: Codec) -> None:
    with pytest.raises(EncodingError):
        encoder(codec, {})([{"a": object()}] if codec == "scalar" else "text")


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
@pytest.mark.parametrize("codec", ["scalar", "hstore", ["array", "scalar"], ["row", [["f", "scalar"]]]])
def test_text_that_postgresql_cannot_store_is_refused_everywhere(text: str, codec: Codec) -> None:
    wrapped: dict[str, Any] = {"scalar": text, "hstore": {text: text}, "array": [text], "row": {"f": text}}
    with pytest.raises(EncodingError):
        encoder(codec, {})(wrapped[codec if isinstance(codec, str) else codec[0]])


def test_half_a_surrogate_is_refused_in_a_document() -> None:
    with pytest.raises(EncodingError):
        encoder("json", {})({"a": "\ud800"})


def test_an_array_of_seven_dimensions_is_refused() -> None:
    with pytest.raises(EncodingError, match="more than 6 dimensions"):
        encoder(["array", "scalar"], {})([[[[[[["deep"]]]]]]])


def test_an_unknown_codec_is_a_mistake_of_the_catalogue() -> None:
    with pytest.raises(ValueError, match=r"expected a codec, got \['tree', 'scalar'\]"):
        encoder(["tree", "scalar"], {})


def test_a_delimiter_of_its_own_separates_the_elements(database: Database) -> None:
    text = _encoded(["(1,1),(0,0)", "(3,3),(2,2)"], ["array", "scalar", ";"])
    assert database.read(text, "box[]") == ["(1,1),(0,0)", "(3,3),(2,2)"]


@given(value=st.lists(st.none() | _TRICKY))
def test_text_arrays(database: Database, value: list[str | None]) -> None:
    assert database.read(_encoded(value, ["array", "scalar"]), "text[]") == value


@given(value=st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(_TRICKY, min_size=n, max_size=n), min_size=1)))
def test_arrays_of_two_dimensions(database: Database, value: list[list[str]]) -> None:
    assert database.read(_encoded(value, ["array", "scalar"]), "text[]") == value


@given(value=_POINTS)
def test_rows(database: Database, value: dict[str, Any]) -> None:
    assert database.read(_encoded(value, _POINT), "point3") == value


@pytest.mark.slow
@given(value=st.lists(st.none() | _POINTS))
def test_arrays_of_rows(database: Database, value: list[dict[str, Any] | None]) -> None:
    assert database.read(_encoded(value, ["array", _POINT]), "point3[]") == value


@given(value=st.dictionaries(_TRICKY, st.none() | _TRICKY))
def test_hstores(database: Database, value: dict[str, str | None]) -> None:
    assert database.read(_encoded(value, "hstore"), "hstore") == value


@pytest.mark.slow
@given(value=st.lists(st.none() | _TRICKY | st.integers() | st.lists(_TRICKY) | st.dictionaries(_TRICKY, _TRICKY)))
def test_arrays_of_documents_have_one_dimension(database: Database, value: list[Any]) -> None:
    assert database.read(_encoded(exact_json.exact(value), ["array", "json"]), "json[]") == value


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_numbers_keep_every_digit(database: Database, value: Decimal) -> None:
    assert database.read(_encoded(value, "scalar"), "numeric") == value


def test_numbers_of_too_many_digits_are_refused_together() -> None:
    with pytest.raises(EncodingError, match="written out as more than 4194304 digits"):
        _encoded(["1E+131071"] * 40, ["array", "scalar"], {"type": "array", "items": {"pattern": FINITE_DECIMAL}})


def test_a_schema_that_allows_everything_says_nothing_of_the_form() -> None:
    assert _encoded([Decimal("1.0")], ["array", "scalar"], {"type": "array", "items": True}) == "{1.0}"


def test_vectors_of_whole_numbers() -> None:
    assert _encoded([1, Decimal("2.0")], "vector") == "1 2"
    with pytest.raises(EncodingError, match="must be an array"):
        _encoded("1 2", "vector")


@given(st.lists(_TRICKY))
def test_a_list_of_texts_is_written_as_each_of_its_elements_is(texts: list[str]) -> None:
    alone = [_encoded([text], ["array", "scalar"])[1:-1] for text in texts]
    assert _encoded(texts, ["array", "scalar"]) == f"{{{','.join(alone)}}}"


@given(
    st.lists(_TRICKY | st.booleans() | st.lists(st.integers(0, 9)) | st.dictionaries(_TRICKY, st.none(), max_size=2))
)
def test_a_list_of_documents_comes_back_as_it_went_in(database: Database, values: list[Any]) -> None:
    assert database.read(_encoded(values, ["array", "json"]), "json[]") == values
