"""The documentation knows every rule, every front-matter key and every format."""

from handler.contract.formats import FORMATS
from handler.contract.operation import Result
from queryport.compile.read.entries import PageEntry, ParameterEntry
from queryport.compile.read.front_matter import FrontMatter
from queryport.diagnostics.rules import RULES
from tests.support.repository import DOCS


def test_every_rule_is_explained() -> None:
    text = (DOCS / "errors.md").read_text()
    for rule in RULES.values():
        assert f"### {rule.code}: {rule.title}\n" in text


def test_every_front_matter_key_is_explained() -> None:
    text = (DOCS / "query-files.md").read_text()
    for name in FrontMatter.model_fields:
        assert f"### {name}\n" in text
    for model in (PageEntry, ParameterEntry):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in text
    for result in Result:
        assert f"| `{result}` |" in text


def test_every_format_is_named() -> None:
    text = (DOCS / "query-files.md").read_text()
    assert [name for name in FORMATS if f"`{name}`" not in text] == []
