"""The text of an analysed statement is read as PostgreSQL writes it, and what it never writes is an error."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queryport.compile.analysis.tree.node_tree import Node, UnreadableTreeError, Value, read_tree

_WORDS = st.text(st.sampled_from('ab:1<>[]"(){} \\\n-'), min_size=1, max_size=4)
_NAMES = st.text(st.sampled_from("ab_1"), min_size=1, max_size=3)


def _items(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(_NAMES, inner, max_size=4)
    return st.lists(inner, max_size=4).map(tuple) | st.builds(Node, _NAMES, fields)


TREES = st.recursive(st.none() | _WORDS, _items, max_leaves=12).filter(lambda tree: isinstance(tree, Node | tuple))


def _written(value: Value) -> str:
    """The value as PostgreSQL's outfuncs.c writes it, where outToken puts backslashes into words."""
    match value:
        case None:
            return "<>"
        case str():
            return "\\" * value.startswith(("<", '"')) + re.sub(r"[\s(){}\\]", r"\\\g<0>", value)
        case tuple():
            return f"({' '.join(map(_written, value))})"
    return f"{{{' '.join([value.tag, *(f':{name} {_written(inner)}' for name, inner in value.fields())])}}}"


@given(TREES)
def test_every_tree_comes_back_as_it_was(tree: Value) -> None:
    assert repr(read_tree(_written(tree))) == repr(tree)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("{A :a 4 [ 36 0 ] :b (b 1)}", "{A {'a': ('4', '[', '36', '0', ']'), 'b': ('b', '1')}}"),
        ("{A :a :b :c 1}", "{A {'a': ':b', 'c': '1'}}"),
        ("(:a 1 {A})", "(':a', '1', {A {}})"),
    ],
)
def test_a_word_is_a_name_where_a_field_can_begin(text: str, read: str) -> None:
    assert repr(read_tree(text)) == read


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "too early"),
        ("{A :a 1", "too early"),
        ("{", "without a tag"),
        ("{{A}}", "without a tag"),
        ("{A :a 1)", "a bracket too many"),
        ("(1 2))", "behind its end"),
        (":a 1}", "behind its end"),
        ("{A 1}", "a value without a field"),
        ("{A :a 1 :a 2}", "A.a is there twice"),
        ("{A :a (1) :a 2}", "A.a is there twice"),
        ("{A :a 1 :a (2)}", "A.a is there twice"),
        ("{A :a}", "A.a is there twice or empty"),
    ],
)
def test_what_is_no_tree_is_an_error(text: str, wrong: str) -> None:
    with pytest.raises(UnreadableTreeError, match=wrong):
        read_tree(text)
