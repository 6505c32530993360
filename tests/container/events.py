"""The events in tests/events/, and what the bookshop's function answers to each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "events"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@dataclass(frozen=True, slots=True)
class Data:
    """A direct invocation's answer: these members of its data."""

    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Error:
    """A direct invocation's failure, as Step Functions matches it."""

    name: str


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: its status, and these members of its body."""

    status: int
    members: dict[str, Any]


EXPECTED: dict[str, Data | Error | Response] = {
    "direct_get_book": Data({"book_id": 1, "title": "In Praise of Staircases"}),
    "direct_give_credit": Data({"transfer_id": "0b9d7f52-6f0e-4a51-9a3c-8d3a2f6c1e77", "amount": 7.5}),
    "direct_invalid_parameters": Error("InvalidParameters"),
    "direct_no_such_book": Error("NotFound"),
    "direct_unknown_operation": Error("UnknownOperation"),
    "url_get_book": Response(200, {"data": Data({"book_id": 1})}),
    "url_health": Response(200, {"status": "ok"}),
    "url_invalid_parameters": Response(400, {"code": "InvalidParameters"}),
    "url_list_books": Response(200, {"data": 2}),
    "url_no_such_book": Response(404, {"code": "NotFound", "operation": "catalogue.get_book"}),
    "url_post_operation": Response(200, {"data": 2}),
    "url_wrong_method": Response(405, {"code": "MethodNotAllowed"}),
}
"""A number stands for that many rows."""


def event(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def check(name: str, answer: Any) -> None:
    """Fails unless the answer is the expected one."""
    match EXPECTED[name]:
        case Error(error):
            assert answer["errorType"] == error, answer
            assert "SELECT" not in json.dumps(answer)
        case Data() as data:
            _check_members(data, answer["data"])
        case Response(status, members):
            assert answer["statusCode"] == status, answer
            body = json.loads(answer["body"])
            for member, expected in members.items():
                _check_value(expected, body[member])


def _check_value(expected: Any, value: Any) -> None:
    match expected:
        case Data() as data:
            _check_members(data, value)
        case int(rows):
            assert len(value) == rows
        case _:
            assert value == expected


def _check_members(data: Data, value: dict[str, Any]) -> None:
    assert {member: value[member] for member in data.members} == data.members
