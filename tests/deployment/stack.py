"""A stack as CloudFormation would make it: the transformed template with parameters filled in and conditions decided.

What only AWS knows (ARNs, addresses) becomes a text made of the resource's logical id and of the properties that
cannot be changed on it, so that a resource which would be replaced has another one.
"""

import atexit
import functools
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from queryport.postgres.folders import STATE_VARIABLE
from tests.support.repository import ROOT

SAM_PYTHON = ROOT / ".tools/sam/bin/python"

_SCRIPT = ROOT / "tests/deployment/sam_transform.py"

_NO_VALUE = object()
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": _NO_VALUE,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/queryport/5c2f1a3e-1d0b-4c55",
    "AWS::StackName": "queryport",
    "AWS::URLSuffix": "amazonaws.com",
}


@functools.cache
def _translator() -> subprocess.Popen[str]:
    """AWS's translator, waiting for templates; it takes a second to start."""
    assert SAM_PYTHON.exists(), "the AWS SAM CLI is not installed: run `make sam-tools`"
    process = subprocess.Popen(
        [SAM_PYTHON, _SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "us-east-1"},
    )
    atexit.register(process.communicate)
    return process


@functools.cache
def plain_template(path: Path) -> dict[str, Any]:
    """The CloudFormation that takes its parameters as a SAM template does, as `make cloudformation` asks for it."""
    return _asked_once({"path": str(path)})


@functools.cache
def transformed(path: Path, parameters: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """The CloudFormation that AWS's translator makes of a SAM template with these parameters."""
    return _asked_once({"path": str(path), "parameters": dict(parameters)})


def _asked_once(question: dict[str, Any]) -> dict[str, Any]:
    template: dict[str, Any] = kept(json.dumps(question), lambda: json.dumps(_ask(question)))
    return template


def kept(question: str, answer: Callable[[], str]) -> Any:
    """Return what the JSON that answers a question stands for; it is asked once a run."""
    path = Path(os.environ[STATE_VARIABLE]) / f"answer-{hashlib.sha256(question.encode()).hexdigest()}"
    if not path.exists():
        unfinished = path.with_name(f"{path.name}-{os.getpid()}")
        unfinished.write_text(answer())
        unfinished.rename(path)
    return json.loads(path.read_text())


def deployed_template(path: Path, resources: dict[str, Any]) -> dict[str, Any]:
    """The CloudFormation of a SAM template with further resources."""
    return _ask({"path": str(path), "parameters": {}, "resources": resources})


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    translator = _translator()
    assert translator.stdin
    assert translator.stdout
    translator.stdin.write(json.dumps(question) + "\n")
    translator.stdin.flush()
    template: dict[str, Any] = json.loads(translator.stdout.readline())
    return template


@functools.cache
def create_only_properties(resource_type: str) -> frozenset[str]:
    """The properties that CloudFormation replaces a resource for, by AWS's own schema of its type."""
    (schemas,) = ROOT.glob(".tools/sam/lib/python3.*/site-packages/cfnlint/data/schemas")
    of_region = json.loads((schemas / "providers/us-east-1.json").read_text())
    schema = json.loads((schemas / f"resources/{of_region[resource_type]}.json").read_text())
    return frozenset(path.split("/")[2] for path in schema.get("createOnlyProperties", []))


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Fn::And": all,
    "Fn::Equals": lambda given: str(given[0]) == str(given[1]),
    "Fn::GetAZs": lambda _: ["us-east-1a", "us-east-1b"],
    "Fn::Join": lambda given: given[0].join(str(each) for each in given[1]),
    "Fn::Not": lambda given: not given[0],
    "Fn::Or": any,
    "Fn::Select": lambda given: given[1][int(given[0])],
    "Fn::Split": lambda given: given[1].split(given[0]),
}


class Stack:
    def __init__(self, source: Path | dict[str, Any], **parameters: str) -> None:
        """Read a SAM template's file, or plain CloudFormation."""
        given = tuple(sorted(parameters.items()))
        self.template = source if isinstance(source, dict) else transformed(source, given)
        declared = self.template["Parameters"]
        self._values = {name: parameters.get(name, each.get("Default")) for name, each in declared.items()}
        for name, each in declared.items():
            if each["Type"] == "CommaDelimitedList":
                self._values[name] = str(self._values[name] or "").split(",")
        self.definitions: dict[str, Any] = {
            name: each
            for name, each in self.template["Resources"].items()
            if "Condition" not in each or self._condition(each["Condition"])
        }
        self._properties: dict[str, dict[str, Any]] = {}

    def named(self, resource_type: str) -> list[str]:
        """The logical ids of a type's resources."""
        return [name for name, each in self.definitions.items() if each["Type"] == resource_type]

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties with everything filled in."""
        if name not in self._properties:
            self._properties[name] = self.evaluate(self.definitions[name].get("Properties", {}))
        return self._properties[name]

    def physical_id(self, name: str) -> str:
        """A name that is another one if the resource would be replaced."""
        fixed = create_only_properties(self.definitions[name]["Type"])
        kept = {key: value for key, value in self.properties(name).items() if key in fixed}
        digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12]
        return f"arn:aws:a:b:{name}:{digest}:c:d/{name}-{digest}/e"

    def outputs(self) -> dict[str, Any]:
        return {
            name: self.evaluate(each["Value"])
            for name, each in self.template["Outputs"].items()
            if "Condition" not in each or self._condition(each["Condition"])
        }

    def broken_rules(self) -> list[str]:
        """What the template's rules say against the parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template.get("Rules", {}).values()
            if self.evaluate(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.evaluate(assertion["Assert"])
        ]

    def evaluate(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in (self.evaluate(each) for each in value) if each is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((key, argument),) = value.items()
            if key in ("Ref", "Condition") or key.startswith("Fn::"):
                return self._intrinsic(key, argument)
        evaluated = {key: self.evaluate(each) for key, each in value.items()}
        return {key: each for key, each in evaluated.items() if each is not _NO_VALUE}

    def _condition(self, name: str) -> bool:
        return bool(self.evaluate(self.template["Conditions"][name]))

    def _intrinsic(self, key: str, argument: Any) -> Any:
        match key:
            case "Ref":
                return self._reference(argument)
            case "Condition":
                return self._condition(argument)
            case "Fn::GetAtt":
                name, _, attribute = (
                    argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
                )
                made = f"{self.physical_id(name)}.{attribute}"
                return f"https://{name}.lambda-url.us-east-1.on.aws/" if attribute == "FunctionUrl" else made
            case "Fn::If":
                return self.evaluate(argument[1] if self._condition(argument[0]) else argument[2])
            case "Fn::Sub":
                return self._substituted(argument)
        return _FUNCTIONS[key](self.evaluate(argument))

    def _reference(self, name: str) -> Any:
        if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        return self._values[name] if name in self._values else self.physical_id(name)

    def _substituted(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def fill_in(found: re.Match[str]) -> str:
            name = found[1]
            if name in variables:
                return str(self.evaluate(variables[name]))
            return str(self.evaluate({"Fn::GetAtt": name} if "." in name else {"Ref": name}))

        return re.sub(r"\$\{([\w:.]+)\}", fill_in, text)
