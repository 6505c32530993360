"""The page as a file: its size, its policy, its parts."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import orjson
import pytest

from handler.contract.docs_file import DocsFile
from queryport.generate.docs_page import docs_page
from queryport.generate.docs_page.assemble import policy_of
from queryport.generate.docs_page.files import write_docs_page
from queryport.generate.docs_page.linking import LinkingError, linked

_FOLDER = Path(__file__).parents[4] / "queryport/generate/docs_page"
_LARGEST = 200_000


def _element(name: str, attributes: str = "") -> str:
    found = re.search(rf"<{name}{attributes}>(.*?)</{name}>", docs_page().decode(), re.DOTALL)
    assert found is not None
    return found[1]


def test_is_small() -> None:
    assert len(docs_page("docs/changes")) < _LARGEST


def test_its_policy_lets_in_its_own_script_and_style_alone() -> None:
    directives = dict(part.split(" ", 1) for part in policy_of(docs_page()).split("; "))

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert directives == {
        "default-src": "'none'",
        "script-src": hashed(_element("script", ' type="module"')),
        "style-src": hashed(_element("style")),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_has_no_inline_handlers_and_loads_nothing() -> None:
    page = docs_page().decode()
    outside = page.replace(_element("script", ' type="module"'), "").replace(_element("style"), "")
    assert not re.search(r"\son\w+=|\sstyle=|\ssrc=|@import", outside)
    assert set(re.findall(r'href="([^"]{4})', outside)) == {"data", "open"}


def test_every_script_and_style_is_part_of_it() -> None:
    page = docs_page().decode()
    for path in _FOLDER.joinpath("scripts").glob("*.js"):
        assert page.count(f"/* {path.name} */") == 1, path.name
    for path in _FOLDER.joinpath("styles").glob("*.css"):
        assert path.read_text().splitlines()[0] in page, path.name


def test_each_library_is_as_it_was_published_and_has_its_licence() -> None:
    told = _FOLDER.joinpath("vendor/README.md").read_text()
    libraries = sorted(_FOLDER.joinpath("vendor").glob("*.js"))
    assert libraries
    for path in libraries:
        assert f"`{path.name}`" in told
        assert hashlib.sha256(path.read_bytes()).hexdigest() in told, path.name
    for licence in re.findall(r"`(\w+\.LICENSE)`", told):
        assert _FOLDER.joinpath("vendor", licence).is_file()


def test_only_serve_has_events() -> None:
    assert _element("script", ' type="application/json" id="settings"').startswith('{"changes":null')
    assert b'{"changes":"docs/changes"' in docs_page("docs/changes")


def test_file_beside_the_catalogue(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.json"
    write_docs_page(catalog, wanted=True)
    file = DocsFile(**orjson.loads(DocsFile.beside(catalog).read_bytes()))
    assert file.page.encode() == docs_page() == gzip.decompress(base64.b64decode(file.compressed))
    assert file.policy == f"{policy_of(docs_page())}; frame-ancestors 'none'"
    write_docs_page(catalog, wanted=False)
    assert list(tmp_path.iterdir()) == []


def test_modules_run_in_the_order_in_which_they_need_each_other() -> None:
    modules = {
        "a": 'import { b as two } from "b";\nimport c from "c";\nconst hidden = two;\nexport function a() {}\n',
        "b": 'import { d } from "d";\nexport const b = d;\nexport { d as again };\n',
        "c": 'import { d } from "d";\nexport default d;\n',
        "d": "const d = 1;\nexport { d };\n",
    }
    script = linked("a", modules.__getitem__)
    places = [script.index(f"/* {name} */") for name in "dbca"]
    assert places == sorted(places)
    assert not re.search(r"^\s*(import|export)\b", script, re.MULTILINE)
    for text in (
        "const { b: two } = modules[",
        "const {default: c} = modules[",
        "exports.again = d;",
        "exports.a = a;",
    ):
        assert text in script


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"a": 'import { b } from "b";\n', "b": 'import { a } from "a";\n'}, "a imports b imports a"),
        ({"a": 'import * as b from "b";\n'}, "a: an import or export of a form"),
        ({"a": "export let b = 1;\n"}, "a: an import or export of a form"),
    ],
)
def test_modules_that_cannot_be_linked_are_named(modules: dict[str, str], message: str) -> None:
    with pytest.raises(LinkingError, match=message):
        linked("a", modules.__getitem__)
