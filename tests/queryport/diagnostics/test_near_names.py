import pytest

from queryport.diagnostics.near_names import did_you_mean, near_names, nearest


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("summry", ["summary", "result"], "summary"),
        ("SUMMARY", ["summary"], "summary"),
        ("post", ["GET", "POST"], "POST"),
        ("zebra", ["summary"], None),
        ("a", [], None),
        ("NAME", ["name", "Name"], "Name"),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == near
    assert nearest(name, known[::-1]) == near


def test_the_question_shows_the_name_as_it_is_written() -> None:
    assert did_you_mean("nam", ["name"], "delete it") == "did you mean `name`?"
    assert did_you_mean("nam", ["name"], "delete it", "`{{{}}}`") == "did you mean `{name}`?"
    assert did_you_mean("zebra", ["name"], "delete it") == "delete it"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("orders.gett", ["orders.get", "books.get"]),
        ("get_author", ["books.get_author"]),
        ("author", ["books.get_author"]),
        ("nothing_like_it", []),
    ],
)
def test_near_names_are_found_by_their_parts(name: str, near: list[str]) -> None:
    assert near_names(name, ["orders.get", "books.get", "books.get_author", "books.count"]) == near
