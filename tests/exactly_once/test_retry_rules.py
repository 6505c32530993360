"""No failure, and no row of failures, makes a write without a key happen twice, or lets a caller be told an untruth.

The service here is a model: it decides by itself, for each request, whether the request takes effect and what is
answered. Which failures can leave an effect behind is written down here once more, apart from the table under test.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.contract.errors import Outcome
from handler.data_api.client import DataApi
from handler.data_api.connection import Loss, NoAnswer
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed
from handler.data_api.retries import NETWORK, POSTGRESQL, SERVICE, Replay
from handler.data_api.wire import Action, Request, ServiceError
from handler.engine.idempotency import IdempotencyKey
from handler.engine.running import Running
from handler.engine.transactions import Transactions, TransactionTerms
from handler.settings import Settings
from tests.exactly_once import retry_table
from tests.support.repository import DOCS

_SETTINGS = Settings("arn:aws:rds:cluster", "arn:aws:secretsmanager:secret", "shop", Path("catalog.json"))

# SQLSTATEs with which PostgreSQL may have committed all the same: the connection broke, or the server went down.
_MAYBE_COMMITTED = re.compile(r"08(?!001|004)|57P01|57P02|40003")


_UNREADABLE = ValueError("an answer that is none")


@dataclass(frozen=True)
class Failure:
    error: Exception
    may_take_effect: bool

    def __repr__(self) -> str:
        return f"{self.error!r} {'perhaps done' if self.may_take_effect else 'not done'}"


def _aws(code: str, status: int, message: str = "") -> ServiceError:
    return ServiceError(code, message, status)


def _of_postgresql(sqlstate: str, severity: str) -> Failure:
    error = _aws("DatabaseErrorException", 400, f"{severity}: something; SQLState: {sqlstate}")
    never_began = re.match("08001|08004|28|53300|57P03", sqlstate) is not None
    ended = severity != "ERROR" and not never_began
    return Failure(error, may_take_effect=ended or _MAYBE_COMMITTED.match(sqlstate) is not None)


_CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
FAILURES: st.SearchStrategy[Failure] = st.one_of(
    st.sampled_from(
        [
            Failure(NoAnswer(Loss.NOT_SET_UP, "NoCredentialsError"), may_take_effect=False),
            Failure(NoAnswer(Loss.NOT_CONNECTED, "NewConnectionError"), may_take_effect=False),
            Failure(NoAnswer(Loss.NOT_SENT, "ProtocolError"), may_take_effect=False),
            Failure(NoAnswer(Loss.CUT_OFF, "ProtocolError"), may_take_effect=True),
            Failure(NoAnswer(Loss.TIMED_OUT, "ReadTimeoutError"), may_take_effect=True),
            Failure(_UNREADABLE, may_take_effect=True),
            Failure(_aws("DatabaseResumingException", 400), may_take_effect=False),
            Failure(_aws("ThrottlingException", 400), may_take_effect=False),
            Failure(_aws("SomethingNew", 429), may_take_effect=False),
            Failure(_aws("ValidationException", 400), may_take_effect=False),
            Failure(_aws("StatementTimeoutException", 400), may_take_effect=False),
            Failure(
                _aws("UnsupportedResultException", 400, "The result exceeds the size limit 1 MB."), may_take_effect=True
            ),
            Failure(_aws("UnsupportedResultException", 400, "unsupported data type"), may_take_effect=True),
            Failure(_aws("DatabaseErrorException", 400, "Transaction is still running a query"), may_take_effect=True),
        ]
    ),
    st.builds(lambda code, status: Failure(_aws(code, status), may_take_effect=True), _CODES, st.integers(500, 599)),
    st.builds(
        _of_postgresql,
        st.one_of(
            st.sampled_from([*POSTGRESQL, "23505", "57014", "XX000", "53300", "08006", "28P01"]).map(
                lambda s: s.ljust(5, "0")
            ),
            st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=5),
        ),
        st.sampled_from(["ERROR", "FATAL", "PANIC"]),
    ),
)


@dataclass(frozen=True)
class Event:
    """What becomes of one request: an answer, or a failure with or without effect."""

    failure: Failure | None
    takes_effect: bool


@st.composite
def events(draw: st.DrawFn, failures: st.SearchStrategy[Failure | None]) -> Event:
    failure = draw(failures)
    return Event(failure, failure is None or (failure.may_take_effect and draw(_EITHER)))


# Made once: a strategy that is made for each draw is checked for each draw, which takes longer than all else here.
_EITHER = st.booleans()
EVENTS = events(st.none() | FAILURES)


@dataclass
class World:
    """The service: what is drawn for each request, and what has come of them all."""

    draw: Callable[[Action], Event]
    now: float = 0.0
    made: int = 0
    """Changes that are there for good."""
    pending: dict[str, bool] = field(default_factory=dict)
    """The open transactions, and whether each has made its change."""
    has_key: bool = False

    def send(self, request: Request, *, attempt: int, connect: float, read: float) -> bytes:
        assert attempt >= 1
        assert 0 < connect <= read
        members = orjson.loads(request.body)
        identifier = members.get("transactionId")
        if identifier is not None and identifier not in self.pending:
            raise _aws("TransactionNotFoundException", 404)
        self.now += 0.01
        event = self.draw(request.action)
        answer = self._effect(request.action, members.get("sql"), identifier) if event.takes_effect else {}
        if event.failure is None:
            return orjson.dumps(answer)
        if event.failure.error is _UNREADABLE:
            return b"{}"  # the 200 of something that is not the service
        if isinstance(event.failure.error, NoAnswer) and event.failure.error.loss is Loss.TIMED_OUT:
            self.now += 5
        raise event.failure.error

    def _effect(self, action: Action, sql: str | None, identifier: str | None) -> dict[str, Any]:
        if action is Action.BEGIN:
            identifier = str(len(self.pending) + self.made + self.now)
            self.pending[identifier] = False
            return {"transactionId": identifier}
        if action is Action.EXECUTE:
            rows = [[{"stringValue": text}] for text in self._execute(str(sql), identifier)]
            return {"records": rows, "numberOfRecordsUpdated": 0}
        assert identifier is not None
        if self.pending.pop(identifier) and action is Action.COMMIT:
            self.made += 1
            self.has_key = True
        return {"transactionStatus": "Transaction Committed"}

    def _execute(self, sql: str, identifier: str | None) -> list[str]:
        if sql.startswith("WITH lapsed"):
            return ["hash", "1"] if self.has_key else []
        if identifier is None:
            self.made += 1
        elif sql.startswith("INSERT INTO queryport"):
            return [] if self.has_key else ["true"]
        elif sql == "the change":
            self.pending[identifier] = True
        return []

    def close(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 0.001

    def deadline(self) -> Deadline:
        return Deadline(lambda: int((20 - self.now) * 1000))


@contextmanager
def _world(data: st.DataObject) -> Iterator[World]:
    world = World(lambda _: data.draw(EVENTS))
    with patch("time.sleep", world.sleep):
        yield world


def _told(call: Callable[[], object]) -> Outcome | None:
    try:
        call()
    except Failed as failed:
        return failed.failure.outcome
    return None


@given(data=st.data())
def test_a_write_without_a_key_happens_once_at_most_and_its_caller_is_told(data: st.DataObject) -> None:
    with _world(data) as world:
        api = DataApi(_SETTINGS, world)
        told = _told(lambda: api.execute("the change", [], replay=Replay.WRITE, deadline=world.deadline()))
    _is_true(world, told)


@given(data=st.data(), with_key=st.booleans(), isolation=st.sampled_from([None, "serializable"]))
def test_a_transaction_happens_once_at_most_and_its_caller_is_told(
    *, data: st.DataObject, with_key: bool, isolation: str | None
) -> None:
    key = IdempotencyKey("operation", "key", "hash", 60) if with_key else None

    def work(running: Running) -> Any:
        rows = running.execute("the change", [])
        return rows, ["1"]

    with _world(data) as world:
        api = DataApi(_SETTINGS, world)
        told = _told(
            lambda: Transactions(api).run(work, TransactionTerms(world.deadline(), 3, key, isolation)),
        )
    _is_true(world, told)


def _is_true(world: World, told: Outcome | None) -> None:
    assert world.made <= 1
    if told is None:
        assert world.made == 1
    elif told in (Outcome.NOT_EXECUTED, Outcome.ROLLED_BACK):
        assert world.made == 0
    else:
        assert told is Outcome.UNKNOWN


@pytest.mark.parametrize("in_effect", [False, True])
def test_a_commit_that_something_else_answered_is_settled(*, in_effect: bool) -> None:
    commit = Event(Failure(_UNREADABLE, may_take_effect=True), in_effect)
    world = World(lambda action: commit if action is Action.COMMIT else Event(None, takes_effect=True))
    with patch("time.sleep", world.sleep):
        api = DataApi(_SETTINGS, world)
        told = _told(
            lambda: Transactions(api).run(
                lambda running: (running.execute("the change", []), []),
                TransactionTerms(world.deadline(), collisions=0),
            )
        )
    assert (told, world.made) == ((Outcome.UNKNOWN, 1) if in_effect else (Outcome.ROLLED_BACK, 0))


def test_a_key_that_is_neither_taken_nor_found_leaves_a_failure_that_did_nothing() -> None:
    """As where a statement that waited for the call that had the key was cancelled, and that call then failed."""
    requests = iter([Action.BEGIN, Action.EXECUTE])
    refused = Event(_of_postgresql("57014", "ERROR"), takes_effect=False)
    world = World(lambda _: refused if next(requests, None) is Action.EXECUTE else Event(None, takes_effect=True))
    with patch("time.sleep", world.sleep):
        told = _told(
            lambda: Transactions(DataApi(_SETTINGS, world)).run(
                lambda running: (running.execute("the change", []), []),
                TransactionTerms(world.deadline(), 3, IdempotencyKey("operation", "key", "hash", 60), None),
            )
        )
    assert (told, world.made) == (Outcome.ROLLED_BACK, 0)


@given(data=st.data())
def test_a_read_is_never_said_to_have_changed_something(data: st.DataObject) -> None:
    with _world(data) as world:
        api = DataApi(_SETTINGS, world)
        told = _told(lambda: api.execute("SELECT", [], replay=Replay.READ, deadline=world.deadline()))
    assert told in (None, Outcome.NOT_EXECUTED)


def test_the_documentation_shows_the_table() -> None:
    text = (DOCS / "retries.md").read_text()
    assert retry_table.table() in text
    for name in (*NETWORK, *SERVICE):
        assert name in text


@pytest.mark.parametrize("code", sorted(SERVICE))
def test_every_error_of_the_service_is_one_that_a_caller_can_meet(code: str) -> None:
    assert SERVICE[code].detail
