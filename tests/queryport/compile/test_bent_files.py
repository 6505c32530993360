"""Files bent at random: they may have problems of their own, and never a traceback or a defect of Queryport's."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handler.contract.operation import Operation
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem
from tests.queryport.compile.test_problems import CASES
from tests.support.seeds import seeds

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

EXAMPLE = Path(__file__).parents[3] / "sql_queries"
WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
SCRAPS = (
    *("'", '"', "$$", "--", "/*", "*/", "\n-- ", "\n-- @a\n", ";", "(", ")", "[", "]", ":", "::", ":a", ":a.b", "?"),
    *(
        "é",
        "\U0001f600",
        "\t",
        "\r\n",
        "\x07",
        "U&'\\0041'",
        "E'\\'",
        "x'1'",
        "NULL",
        "WITH",
        "RETURNING",
        "*",
        "!!int ",
    ),
    *(
        "&a ",
        "*a",
        "{",
        "}",
        "- ",
        ": ",
        "#",
        "CALL twice(1, NULL)",
        "SELECT",
        "AS",
        "OR",
        "IS NULL",
        "page: {by: [a]}",
    ),
)


def bent(seed: int, texts: list[str]) -> Iterator[str]:
    """Yield variants of the texts: words left out, doubled, swapped, strewn in or taken from another text."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    while True:
        words = WORD.findall(chance.choice(texts))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(words) + 1)
            match chance.randrange(6):
                case 0:
                    del words[at : at + chance.randint(1, 5)]
                case 1:
                    words[at:at] = words[at : at + chance.randint(1, 9)]
                case 2:
                    words[at:at] = [chance.choice(SCRAPS)]
                case 3:
                    words[at : at + 1] = [chance.choice(SCRAPS)]
                case 4:
                    other = WORD.findall(chance.choice(texts))
                    words[at:] = other[chance.randrange(len(other) + 1) :]
                case 5:
                    words = words[at:] + words[:at]
        yield "".join(words)


def straight() -> list[str]:
    """The files that are bent."""
    short = [text.replace("‸", "") for _, text, _ in CASES if len(text) < 800]
    return short + [path.read_text() for path in sorted(EXAMPLE.rglob("*.sql"))]


@pytest.mark.parametrize("seed", seeds(2, slow=4, long=30))
def test_a_bent_file_gives_problems_and_never_a_traceback(compile_text: Compile, seed: int) -> None:
    variants = bent(seed, straight())
    for _ in range(250):
        text = next(variants)
        operation, problems = compile_text(text)
        assert (operation is None) == any(problem.severity is Severity.ERROR for problem in problems), text
        for problem in problems:
            assert "defect" not in problem.cure, text
            problem.render().encode()
