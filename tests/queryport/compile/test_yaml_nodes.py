"""libyaml's nodes are PyYAML's, at the same places, for every text that it is asked about."""

from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from queryport.compile.read import yaml_nodes
from queryport.compile.read.comment_blocks import leading_blocks
from queryport.compile.read.located_yaml import Reader
from queryport.compile.read.yaml_nodes import CoreLoader, compose
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source
from tests.queryport.compile.test_bent_files import bent, straight
from tests.support.repository import QUERIES
from tests.support.seeds import seeds

_TEXTS = (
    "a: |\n  text\n  more\n\nb: >-\n  folded\n   x\nc: 'it''s'\nd: \"x\\n\\u0041\"",
    "- a\n- b:\n   c: d\n-\n - e",
    "a:\n- b\n- c\nd:\n  - e: [f, {g: h}]",
    "&x a: *x\n<<: *x\nb: &y [*y]",
    "{a, b: [c, {d: e}], 'f': g, \"h\": , i: }",
    "a: b # comment\n# more\nc:\n  # deep\n  d: 1.5\ne: ~",
    "a: é\nü: ['中', x:y, http://a/b?c]",
    "%YAML 1.1\n---\na: b\n...",
    "a: |# no comment\n  text\nb: >-#\n  c",
)


def _read(text: str, node: yaml.Node | None) -> Any:
    """All that is made of a node: values and places."""
    reporter = Reporter(Source(Path("_folder.yaml"), text))
    starts = [*reporter.source.line_starts, len(text)]
    reader = Reader(reporter, lambda mark: min(starts[min(mark.line, len(starts) - 1)] + mark.column, len(text)))
    value = None if node is None else reader.read(node, ())
    return repr(value), reader.keys, reader.values, reporter.problems


def _outcome(text: str, *, quick: bool) -> Any:
    try:
        return _read(text, compose(text) if quick else yaml.compose(text, Loader=CoreLoader))
    except yaml.MarkedYAMLError as error:
        return error.context, error.problem, str(error.problem_mark)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("seed", seeds(1, slow=4, long=60))
def test_two_parsers_give_the_same_nodes(seed: int) -> None:
    whole = [*straight(), *(f"-- {text}".replace("\n", "\n-- ") for text in _TEXTS)]
    variants = bent(seed, whole)
    tried = 0
    while tried < 200:
        source = Source(Path("query.sql"), next(variants))
        for text in ("\n".join(block.texts(source)) for block in leading_blocks(source)):
            assert _outcome(text, quick=True) == _outcome(text, quick=False), text
            tried += 1


_PIECES = (
    *("a", "b", "é", "1", "~", "null", "true", "=", "<<", ":a", "\\n", "\\", "%", "@", "`", "&a", "*a", "---", "..."),
    *(":", " ", "  ", "\n", "\n  ", "\n\n", "-", "- ", "- a\n", "\n- ", "a: ", "b: x\n", "#", "\n # c\n", "'", '"'),
    *("[", "]", "{", "}", ",", "|", ">", ">-", "|+", "x: |\n  t\n", "''", '""'),
)


@pytest.mark.parametrize("seed", seeds(1, slow=2, long=40))
def test_two_parsers_are_of_one_mind_on_any_pieces(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 (no secret)
    for _ in range(1500):
        text = "".join(chance.choices(_PIECES, k=chance.randint(1, 16)))
        assert _outcome(text, quick=True) == _outcome(text, quick=False), text


def test_libyaml_is_asked_for_the_front_matter_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [Source(path, path.read_text()) for path in sorted(QUERIES.rglob("*.sql"))]
    texts = ["\n".join(block.texts(source)) for source in sources for block in leading_blocks(source)]
    monkeypatch.setattr(yaml_nodes, "CoreLoader", None)
    taken = 0
    for text in texts:
        with suppress(TypeError):  # it is PyYAML's to decide
            taken += compose(text) is not None
    assert taken > len(texts) * 0.8


@pytest.mark.parametrize("text", ["- " * 11_000, "- " * 9_000, "a: [" * 900])
def test_what_nests_too_deep_is_an_error_and_no_crash(text: str) -> None:
    with pytest.raises((RecursionError, yaml.YAMLError)):
        compose(text)
