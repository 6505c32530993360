"""schemathesis, with all of its checks, finds nothing wrong between the document and what the function answers."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import PROJECT, TOOLS
from tests.support.projects import Served, write

pytestmark = pytest.mark.clients

_SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
_EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")

_MORE = {
    "sql_queries/books/search.sql": (
        "-- http: GET /search\n-- sort: [title, book_id]\n-- filter: [title, state, price, tags, extra]\n"
        "-- count: true\n-- page: {by: [book_id]}\nSELECT book_id, title, state, price, tags, extra FROM book\n"
    ),
    "sql_queries/types/echo.sql": (
        "-- result: one\n-- http: GET /echo/{i2}/{t}\n"
        "SELECT :i2::smallint AS i2, :t::text AS t, :i8::bigint AS i8, :f8::float8 AS f8, :n::numeric AS n,\n"
        "  :b::boolean AS b, :u::uuid AS u, :d::date AS d, :ts::timestamptz AS ts, :tl::timestamp AS tl,\n"
        "  :tm::time AS tm, :by::bytea AS by, :j::jsonb AS j, :a::int[] AS a, :ta::text[] AS ta\n"
    ),
    "sql_queries/types/more.sql": (
        "-- result: one\n-- http: POST /more\n-- params: {aa: {type: 'integer[][]'}, n: {nullable: true}}\n"
        "SELECT :aa::int[] AS aa, :n::numeric AS n, :ja::jsonb[] AS ja, :b::varbit AS b,\n"
        "  :m::macaddr AS m, :i::inet AS i\n"
    ),
    "sql_queries/types/grid.sql": (
        "-- result: one\n-- http: GET /grid\n"
        "-- params: {aa: {type: 'integer[][]'}, ja: {optional: true}, st: {optional: true}}\n"
        "SELECT :aa::int[] AS aa, :ja::jsonb[] AS ja, :st::book[] AS st\n"
    ),
    "sql_queries/books/change.sql": (
        "-- result: one\n-- http: PATCH /books/{book_id}\n-- etag: {column: note, required: true}\n"
        "-- params: {title: {patch: true}, note: {patch: true}}\n"
        "UPDATE book SET title = :title, note = :note WHERE book_id = :book_id RETURNING book_id, note\n"
    ),
    "sql_queries/private/secret.sql": "-- allow: [iam]\n-- http: GET /secret\nSELECT 1 AS a\n",
}

_ONLY_POSTGRESQL_KNOWS = (
    "PostgreSQL refuses the values",
    "must be the `next` of an earlier page",
    "has a number out of range",
    "must not have the character U+0000",  # in a document, whose schema takes any JSON
)


def _bookshop(root: Path) -> Path:
    """A project with lists, parameters in every place, and an operation that is not for everybody."""
    return write(root, PROJECT | _MORE)


def _every_kind(root: Path) -> Path:
    """A project with a column, a parameter, a body, an answer, a list and a write of every kind."""
    shutil.copytree(Path(__file__).with_name("every_kind"), root, dirs_exist_ok=True)
    return root


@pytest.fixture(scope="module", params=[_bookshop, _every_kind], ids=lambda made: made.__name__)
def catalogue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(request.param(tmp_path_factory.mktemp("catalogue")), "--as", "anonymous") as served:
        yield served


def test_every_check_finds_nothing(catalogue: Served, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
    without_tag = ["400", "401", "403", "406", "415", "422", "428"]
    config.write_text(
        f"[checks.positive_data_acceptance]\nexpected-statuses = {statuses}\n"
        f"[checks.missing_required_header]\nexpected-statuses = {without_tag}\n"
    )
    done = subprocess.run(
        [
            *(TOOLS / "schemathesis", "--config-file", config, "run"),
            catalogue.printed("OpenAPI"),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
            *("--max-examples", _EXAMPLES, "--seed", _SEED, "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Test cases:" in done.stdout, done.stdout + done.stderr
    failures = re.split(r"\n(?=\d+\. Test Case ID)", done.stdout)[1:]
    wrong = [failure for failure in failures if not any(is_known(failure) for is_known in _KNOWN)]
    assert wrong == [], "\n".join(wrong)


def _is_for_postgresql_to_say(failure: str) -> bool:
    """Whether a valid request was refused for what no schema can say, and nothing else was found in the case."""
    codes = set(re.findall(r"^- (ST\d+)", failure, re.MULTILINE))
    return codes == {"ST202"} and "[400]" in failure and any(reason in failure for reason in _ONLY_POSTGRESQL_KNOWS)


_OF_TEXTS = r"/properties/filter\[(?:tags\]\[\w+|title\]\[in)\](?:/anyOf/1)?"
"""The conditions of the project whose value is a list of texts; `allowEmptyValue` makes an `anyOf` of it."""


def _is_a_list_of_one_text(failure: str) -> bool:
    """Whether a text was sent for a list of texts, which in a query string is a list with that text alone."""
    violated = re.findall(r"- violates `(?:\w+)` at (\S+)", failure)
    codes = set(re.findall(r"^- (ST\d+)", failure, re.MULTILINE))
    return codes == {"ST201"} and bool(violated) and all(re.fullmatch(_OF_TEXTS, each) for each in violated)


def _is_an_empty_list(failure: str) -> bool:
    """Whether `?states=` was taken for a list without elements, and by schemathesis for one with an empty text."""
    codes = set(re.findall(r"^- (ST\d+)", failure, re.MULTILINE))
    return codes == {"ST201"} and re.search(r"[?&]\w+=(?:&|'?$)", failure, re.MULTILINE) is not None


def test_openapi_spec_validator_takes_it(document: Path) -> None:
    done = subprocess.run(
        [TOOLS / "python", "-m", "openapi_spec_validator", document], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


_KNOWN = (_is_for_postgresql_to_say, _is_an_empty_list, _is_a_list_of_one_text)
