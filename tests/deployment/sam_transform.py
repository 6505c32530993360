"""The plain CloudFormation that a SAM template stands for, made by AWS's own translator.

Run by the AWS SAM CLI's Python, which has the translator; the project's own environment has not.

Answers each line of its standard input by a line of JSON:

    {"path": …}                        a template that takes its parameters as the SAM template does
    {"path": …, "parameters": {…}}     what AWS would make of the template with these parameters; it fills some of them
                                       in on the way

What `sam package` uploads and puts into the template, the image's address and the state machines, is filled in here.
"""

import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
from samcli.yamlhelper import yaml_parse  # type: ignore[import-not-found]
from samtranslator.translator import translator  # type: ignore[import-not-found]
from samtranslator.translator.transform import transform  # type: ignore[import-not-found]

# The translator's own policy templates are checked by their schema anew for each template: a third of the time.
_policies = functools.cache(translator.make_policy_template_for_function_plugin)
translator.make_policy_template_for_function_plugin = _policies
# And a session of boto3's is made for each, of which nothing but the region is read: a fifth of what is left.
boto3.session.Session = functools.cache(boto3.session.Session)


def plain_cloudformation(path: Path) -> dict[str, Any]:
    """Transform a template and leave every reference to a parameter as it is."""
    template = _read(path)
    declared = template["Parameters"]
    # The translator fills in what has a value. A parameter that has none stays a reference.
    template["Parameters"] = {name: {**each} for name, each in declared.items()}
    for each in template["Parameters"].values():
        each.pop("Default", None)
    return {**_transformed(template, {}), "Parameters": declared}


def deployed(path: Path, parameters: dict[str, str], resources: dict[str, Any]) -> dict[str, Any]:
    """Transform a template as it is deployed with these parameters, and defaults for the others.

    `resources` are added to those of the template.
    """
    template = _read(path)
    return _transformed({**template, "Resources": {**template["Resources"], **resources}}, parameters)


@functools.cache
def _decoded(text: str) -> str:
    """The template as JSON; to read its YAML takes as long as to transform it."""
    return json.dumps(yaml_parse(text))


def _read(path: Path) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(_decoded(path.read_text()))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if properties.get("PackageType") == "Image":
            properties.setdefault("ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/queryport@sha256:0")
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties["Definition"] = json.loads((path.parent / properties.pop("DefinitionUri")).read_text())
    return template


def _transformed(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = transform(template, parameters, _NoManagedPolicies())
    return result


class _NoManagedPolicies:
    """A policy that AWS manages is named by its ARN here, so none need be looked up by its name."""

    def load(self) -> dict[str, str]:
        return {}


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        path = Path(asked["path"])
        if "parameters" in asked:
            answer = deployed(path, asked["parameters"], asked.get("resources", {}))
        else:
            answer = plain_cloudformation(path)
        print(json.dumps(answer), flush=True)
