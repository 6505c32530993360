"""Claims as they are typed: `tenant_id=7`, whose value is JSON, or else a text."""

import json
from collections.abc import Sequence
from typing import Any

import click


def parse_claims(assignments: Sequence[str]) -> dict[str, Any]:
    """Read `NAME=VALUE`s. Raises click.BadParameter."""
    claims: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"expected NAME=VALUE, got {assignment}", param_hint="--claim")
        if name in claims:
            raise click.BadParameter(f"{name} is given twice", param_hint="--claim")
        try:
            claims[name] = json.loads(text)
        except json.JSONDecodeError:
            claims[name] = text
    return claims
