"""The words for what does not satisfy a schema."""

from handler.contract.flaw_words import words_of


def test_a_keyword_without_words_of_its_own_is_named() -> None:
    assert words_of("dependentSchemas", {}) == "does not satisfy the schema's dependentSchemas"
