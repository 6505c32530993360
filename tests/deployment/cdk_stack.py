"""The stack of docs/cdk.md, synthesised by the AWS CDK from npm: as it is, and after each of some changes."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.deployment.stack import kept
from tests.support.repository import DOCS

FOLDER = Path(__file__).with_name("cdk")
CLUSTER = "arn:aws:rds:us-east-1:123456789012:cluster:c"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf"  # noqa: S105 (a secret's address)
OTHER_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:t-AbCdEf"  # noqa: S105

CONTEXT = {
    "stack": "queryport",
    "repository": "queryport",
    "digest": "sha256:" + "0" * 64,
    "clusterArn": CLUSTER,
    "secretArns": SECRET,
    "database": "app",
}
CHANGES = (
    {"secretArns": f"{OTHER_SECRET},{SECRET}"},
    {"database": "other"},
    {"digest": "sha256:" + "1" * 64},
)
# The page's program synthesises its stack when Node has nothing more to do; the CDK alone takes a second to be loaded.
EACH = """
const given = JSON.parse(process.argv[2]);
const next = async () => {
  const turn = given.shift();
  if (turn === undefined) return;
  [process.env.CDK_OUTDIR, process.env.CDK_CONTEXT_JSON] = [turn.folder, JSON.stringify(turn.context)];
  await import(`./.queryport.mjs?${given.length}`);
};
process.on("beforeExit", next);
await next();
"""


@cache
def node() -> str | None:
    """Node with the packages of package-lock.json, installed the first time they are needed; None without Node."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    installed, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    return program


def page() -> str:
    """The program on the page."""
    (text,) = re.findall(r"^```js\n(.+?)^```", (DOCS / "cdk.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(text)


def synthesised(program: str, **environment: str) -> list[dict[str, Any]]:
    """The stack's template, and those after each of the changes, made by one process of Node."""
    # Beside the packages that it imports.
    (FOLDER / "node_modules" / ".queryport.mjs").write_text(page())
    each = FOLDER / "node_modules" / ".each.mjs"
    each.write_text(EACH)
    with TemporaryDirectory() as folder:
        folders = [Path(folder, str(number)) for number in range(1 + len(CHANGES))]
        turns = [
            {"folder": str(into), "context": CONTEXT | changed}
            for into, changed in zip(folders, ({}, *CHANGES), strict=True)
        ]
        done = subprocess.run(
            [program, str(each), json.dumps(turns)],
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads((into / "queryport.template.json").read_text()) for into in folders]


def cdk_templates(program: str) -> list[dict[str, Any]]:
    """The templates without the CDK's own validation, which takes seconds to begin; cfn-lint looks at them as well."""
    made: list[dict[str, Any]] = kept(f"cdk {page()}", lambda: json.dumps(synthesised(program, CDK_VALIDATION="false")))
    return made
