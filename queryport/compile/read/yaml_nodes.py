"""Composes YAML to nodes, with the scalars of YAML 1.2's core schema: `no` and `2024-01-01` are strings, not surprises.

libyaml does it in a sixth of the time that PyYAML's own parser takes, and is asked first. PyYAML decides wherever the
two differ, and on every text that libyaml refuses, so that a fault is told in one way.
"""

import re
from contextlib import suppress

import yaml

_MOST_NESTED = 200
"""More brackets and dashes than that may nest deeper than libyaml's composer, which knows no RecursionError, can go."""
_MOST_CHARACTERS = 20_000
_NESTING = re.compile(r"[\[{]|[-:]\s")
_TAKEN_OTHERWISE = re.compile(r"[^\n -~\u00a1-\u1fff\u3000-\ud7ff]|[?!]|:\s+[,}\]#]|[|>][-+0-9]*#")
"""Tabs and other control characters, question marks, tags, where an empty value stands between brackets, and a comment
that follows the sign of a block without a blank."""


class CoreLoader(yaml.SafeLoader):
    """PyYAML's own parser, for the core schema."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own shape: add_implicit_resolver copies it)


# The patterns of YAML 1.2's section 10.3.2, each with the characters that it can begin with.
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", [*"tTfF"]),
    ("int", r"^[-+]?[0-9]+$", [*"-+0123456789"]),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", [*"-+.0123456789"]),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


class _QuickLoader(yaml.CSafeLoader):
    """libyaml's parser, for the same schema."""

    yaml_implicit_resolvers = CoreLoader.yaml_implicit_resolvers


def compose(text: str) -> yaml.Node | None:
    """Return the node of a text, or None for one that holds nothing.

    Raises yaml.YAMLError, and ValueError, OverflowError and RecursionError as PyYAML does.
    """
    if _are_of_one_mind(text):
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=_QuickLoader)
    return yaml.compose(text, Loader=CoreLoader)


def _are_of_one_mind(text: str) -> bool:
    """Return whether the two parsers are known to give the same nodes at the same places for what libyaml takes."""
    if len(text) > _MOST_CHARACTERS or _TAKEN_OTHERWISE.search(text):
        return False
    return len(_NESTING.findall(text)) <= _MOST_NESTED
