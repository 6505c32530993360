"""Problems for programs: as JSON, and as the annotations that GitHub shows beside the lines of a pull request."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from queryport.diagnostics.source import Problem

if TYPE_CHECKING:
    from queryport.access.excess import BeyondNeed
    from queryport.access.proof import Lack
    from queryport.deployed.drift import Drift


def as_json(
    operations: int,
    problems: Sequence[Problem],
    drifts: "Sequence[Drift] | None",
    lacks: "Sequence[Lack] | None",
    excess: "Sequence[BeyondNeed]" = (),
) -> str:
    """One object.

    `drifts` is a member where the deployed database was compared, `lacks` and `excess` where a role was tried.
    """
    found: dict[str, object] = {"operations": operations, "problems": [_members(problem) for problem in problems]}
    if drifts is not None:
        found["drifts"] = [{"subject": drift.subject, "difference": drift.difference} for drift in drifts]
    if lacks is not None:
        found["lacks"] = [{"subject": lack.subject, "reason": lack.reason} for lack in lacks]
        found["excess"] = [{"subject": each.subject, "reason": each.reason} for each in excess]
    return json.dumps(found, ensure_ascii=False, indent=2)


def as_github(
    problems: Sequence[Problem],
    drifts: "Sequence[Drift] | None",
    lacks: "Sequence[Lack]",
    excess: "Sequence[BeyondNeed]" = (),
) -> list[str]:
    """The workflow commands, one a line."""
    lines = []
    for problem in problems:
        place = problem.place
        properties = {
            "file": str(place.path),
            "line": str(place.line),
            "col": str(place.column),
            "endColumn": str(place.column + place.width),
            "title": problem.code,
        }
        written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        message = _data(f"{problem.message}\nhelp: {problem.cure}")
        lines.append(f"::{problem.severity} {written}::{message}")
    lines += [f"::error title=drift::{_data(f'{drift.subject}: {drift.difference}')}" for drift in drifts or ()]
    lines += [f"::error title=role::{_data(f'{lack.subject}: {lack.reason}')}" for lack in lacks]
    lines += [f"::warning title=role::{_data(f'{each.subject} {each.reason}')}" for each in excess]
    return lines


def _members(problem: Problem) -> dict[str, object]:
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "path": str(problem.path),
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.column + problem.place.width,
        "message": problem.message,
        "cure": problem.cure,
    }


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
