"""Failures of every kind, from the emulator and a real PostgreSQL: what is repeated, what never is, what is told."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed
from handler.data_api.retries import Replay
from handler.data_api.wire import Rows, Wire
from handler.settings import Settings
from queryport.emulator import Emulator, Fault
from tests.support.recorder import Answer, Recorder

READ = "SELECT to_json(n)::text FROM generate_series(1, 2) n"
WRITE = "INSERT INTO account (account_id, email) VALUES (1, 'a@example.com')"

Execute = Callable[..., Rows]


@contextmanager
def refused_with(error: type[errors.OperationError], match: str | None = None) -> Iterator[SimpleNamespace]:
    """The failure of the block, as `value`; its error has to be the given one."""
    caught = SimpleNamespace()
    with pytest.raises(Failed, match=match) as raised:
        yield caught
    caught.value = raised.value.failure
    assert caught.value.error is error


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which are not waited for."""
    waited: list[float] = []
    monkeypatch.setattr("handler.data_api.attempts.time.sleep", waited.append)
    return waited


@pytest.fixture
def execute(wire: Wire, environment: Mapping[str, str], pauses: list[float]) -> Execute:
    """Runs a statement, with time to spare."""
    assert pauses == []
    api = DataApi(Settings.from_environment(environment), wire)

    def run(sql: str, *arguments: tuple[str, str | None], read_only: bool = True, milliseconds: int = 60_000) -> Rows:
        return api.execute(sql, arguments, replay=_replay(read_only), deadline=Deadline(lambda: milliseconds))

    return run


def _replay(read_only: bool) -> Replay:  # noqa: FBT001 (the one thing that it is about)
    return Replay.READ if read_only else Replay.WRITE


@pytest.fixture
def accounts(database_url: str) -> Iterator[Callable[[], int]]:
    """Counts the rows that really are there."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda: connection.execute("SELECT count(*) FROM account").fetchall()[0][0]


def _calls(emulator: Emulator) -> int:
    return len(list(emulator.log))


PERHAPS_RUN = [
    Fault(kind="drop"),
    Fault(kind="drop", when="after"),
    Fault(kind="error", error="DatabaseUnavailableException"),
    Fault(kind="error", error="ServiceUnavailableError"),
    Fault(kind="error", error="InternalServerErrorException"),
    Fault(kind="error", error="InternalFailure"),
    Fault(kind="error", error="DatabaseErrorException", message="FATAL: terminating connection; SQLState: 57P01"),
    Fault(kind="error", error="DatabaseErrorException", message="ERROR: connection failure; SQLState: 08006"),
]
NOT_RUN = [
    Fault(kind="throttle"),
    Fault(kind="error", error="DatabaseResumingException"),
    Fault(kind="error", error="DatabaseErrorException", message="ERROR: could not serialize; SQLState: 40001"),
    Fault(kind="error", error="DatabaseErrorException", message="ERROR: deadlock detected; SQLState: 40P01"),
    Fault(kind="error", error="DatabaseErrorException", message="FATAL: starting up; SQLState: 57P03"),
    Fault(kind="error", error="DatabaseErrorException", message="FATAL: too many clients; SQLState: 53300"),
    Fault(kind="error", error="DatabaseErrorException", message="FATAL: password failed; SQLState: 28P01"),
]


def _name(fault: Fault) -> str:
    return f"{fault.error or fault.kind}-{(fault.message or fault.when)[-5:]}"


@pytest.mark.parametrize("fault", PERHAPS_RUN + NOT_RUN, ids=_name)
def test_a_read_is_repeated_on_every_passing_failure(execute: Execute, emulator: Emulator, fault: Fault) -> None:
    emulator.faults.arm(fault)
    assert execute(READ) == Rows(["1", "2"], 0)
    assert _calls(emulator) == 2


@pytest.mark.parametrize("fault", NOT_RUN, ids=_name)
def test_a_write_is_repeated_if_it_certainly_did_not_run(
    execute: Execute, emulator: Emulator, accounts: Callable[[], int], fault: Fault
) -> None:
    emulator.faults.arm(fault)
    assert execute(WRITE, read_only=False).updated == 1
    assert (_calls(emulator), accounts()) == (2, 1)


@pytest.mark.parametrize("fault", PERHAPS_RUN, ids=_name)
def test_a_write_that_may_have_run_is_never_repeated(
    execute: Execute, emulator: Emulator, accounts: Callable[[], int], fault: Fault
) -> None:
    emulator.faults.arm(fault)
    with refused_with(errors.DatabaseUnavailable) as failure:
        execute(WRITE, read_only=False)
    assert failure.value.outcome is Outcome.UNKNOWN
    assert failure.value.cause is not None
    assert (_calls(emulator), accounts()) == (1, 1 if fault.when == "after" else 0)


@pytest.mark.parametrize(
    ("fault", "error", "calls"),
    [
        (Fault(kind="throttle", calls=99), errors.Throttled, 4),
        (Fault(kind="drop", calls=99), errors.DatabaseUnavailable, 4),
        (Fault(kind="error", error="DatabaseResumingException", calls=99), errors.DatabaseResuming, 30),
        (
            Fault(kind="error", error="DatabaseErrorException", message="ERROR: x; SQLState: 40001", calls=99),
            errors.SerializationFailure,
            4,
        ),
    ],
    ids=["throttle", "drop", "resuming", "serialization"],
)
def test_a_failure_that_does_not_pass_is_told_in_the_end(
    execute: Execute, emulator: Emulator, fault: Fault, error: type[errors.OperationError], calls: int
) -> None:
    emulator.faults.arm(fault)
    with refused_with(error) as failure:
        execute(READ)
    assert failure.value.error.may_be_repeated
    assert _calls(emulator) == calls


def test_pauses_grow_and_are_drawn_at_random(execute: Execute, emulator: Emulator, pauses: list[float]) -> None:
    emulator.faults.arm(Fault(kind="error", error="DatabaseResumingException", calls=99))
    with refused_with(errors.DatabaseResuming):
        execute(READ)
    bounds = [min(5.0, 2.0**attempt) for attempt in range(len(pauses))]
    assert all(0 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert len(set(pauses)) > 20


@pytest.mark.slow
def test_a_waking_database_is_waited_for(wire: Wire, environment: Mapping[str, str], emulator: Emulator) -> None:
    emulator.faults.arm(Fault(kind="resume", seconds=0.5))
    api = DataApi(Settings.from_environment(environment), wire)
    started = time.monotonic()
    assert api.execute(READ, (), replay=Replay.WRITE, deadline=Deadline(lambda: 60_000)).json_rows == ["1", "2"]
    assert time.monotonic() - started > 0.5


def test_no_pause_outlasts_the_time_that_is_left(execute: Execute, emulator: Emulator, pauses: list[float]) -> None:
    emulator.faults.arm(Fault(kind="error", error="DatabaseResumingException", calls=99))
    with refused_with(errors.DatabaseResuming):
        execute(READ, milliseconds=700)
    assert max(pauses, default=0) < 0.2


def test_nothing_is_sent_once_the_time_is_over(execute: Execute, emulator: Emulator) -> None:
    with refused_with(errors.StatementTimeout, match="no time left"):
        execute(WRITE, read_only=False, milliseconds=400)
    assert _calls(emulator) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("read_only", "outcome"), [(True, Outcome.NOT_EXECUTED), (False, Outcome.UNKNOWN)])
def test_an_answer_is_awaited_no_longer_than_the_time_that_is_left(
    wire: Wire,
    environment: Mapping[str, str],
    emulator: Emulator,
    *,
    read_only: bool,
    outcome: Outcome,
) -> None:
    api = DataApi(Settings.from_environment(environment), wire)
    emulator.faults.arm(Fault(kind="delay", seconds=1.2))
    started = time.monotonic()
    deadline = Deadline(lambda: int((started + 0.8 - time.monotonic()) * 1000))
    with refused_with(errors.StatementTimeout) as failure:
        api.execute(READ, (), replay=_replay(read_only), deadline=deadline)
    assert failure.value.outcome is outcome
    assert failure.value.cause == "ReadTimeoutError"
    while not _calls(emulator):  # it still answers, to nobody
        time.sleep(0.01)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_connection_that_does_not_come_about_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], pauses: list[float], *, read_only: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", f"http://127.0.0.1:{port}")
    api = DataApi(Settings.from_environment(environment), Wire.from_environment())
    with refused_with(errors.DatabaseUnavailable, match="cannot be reached") as failure:
        api.execute(WRITE, (), replay=_replay(read_only), deadline=Deadline(lambda: 60_000))
    assert failure.value.cause == "NewConnectionError"
    assert len(pauses) == 3


def test_missing_credentials_are_no_failure_of_the_database(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    api = DataApi(Settings.from_environment(environment), Wire.from_environment())
    with refused_with(errors.QueryFailed, match="not set up to reach the database") as failure:
        api.execute(READ, (), replay=Replay.READ, deadline=Deadline(lambda: 60_000))
    assert failure.value.cause == "NoCredentialsError"
    assert _calls(emulator) == 0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", errors.QueryFailed),
        ("BadRequestException", errors.QueryFailed),
        ("DatabaseNotFoundException", errors.QueryFailed),
        ("ExpiredTokenException", errors.QueryFailed),
        ("HttpEndpointNotEnabledException", errors.QueryFailed),
        ("InvalidSecretException", errors.QueryFailed),
        ("StatementTimeoutException", errors.StatementTimeout),
    ],
)
def test_what_will_not_pass_is_told_at_once(
    execute: Execute, emulator: Emulator, code: str, error: type[errors.OperationError]
) -> None:
    emulator.faults.arm(Fault(kind="error", error=code, calls=99))
    for read_only in (True, False):
        with refused_with(error) as failure:
            execute(WRITE, read_only=read_only)
        assert failure.value.cause == code
    assert _calls(emulator) == 2


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO account (account_id, email) VALUES (1, 'x'), (2, 'x')", errors.UniqueViolation),
        ("INSERT INTO account (account_id, email, parent) VALUES (1, 'x', 9)", errors.ForeignKeyViolation),
        ("INSERT INTO account (account_id, email, balance) VALUES (1, 'x', -1)", errors.CheckViolation),
        ("INSERT INTO account (account_id) VALUES (1)", errors.NotNullViolation),
        ("SELECT 'x'::int::text", errors.InvalidParameters),
        ("SELECT (1 / 0)::text", errors.InvalidParameters),
        ("DO $do$ BEGIN RAISE 'Two books at most'; END $do$", errors.BusinessRule),
        ("DO $do$ BEGIN RAISE query_canceled; END $do$", errors.StatementTimeout),
        ("DO $do$ BEGIN RAISE lock_not_available; END $do$", errors.LockTimeout),
        ("DO $do$ BEGIN RAISE insufficient_privilege; END $do$", errors.NotAllowed),
        ("DO $do$ BEGIN RAISE no_data_found; END $do$", errors.NotFound),
        ("SELECT nothing FROM nowhere", errors.QueryFailed),
    ],
)
def test_errors_of_postgresql_have_their_names(
    execute: Execute, emulator: Emulator, sql: str, error: type[errors.OperationError]
) -> None:
    with refused_with(error) as failure:
        execute(sql, read_only=False)
    assert failure.value.sqlstate is not None
    assert _calls(emulator) == 1


def test_a_result_that_aws_does_not_pass_is_too_large(execute: Execute) -> None:
    large = "SELECT to_json(repeat('x', 10000))::text FROM generate_series(1, 120)"
    with refused_with(errors.ResultTooLarge):
        execute(large)
    with refused_with(errors.ResultTooLarge) as failure:
        execute(large, read_only=False)
    assert failure.value.outcome is Outcome.UNKNOWN


def test_null_is_bound_as_null_and_answered_as_json_null(execute: Execute) -> None:
    sql = "SELECT to_json((:a::int))::text FROM generate_series(1, (:n::int))"
    assert execute(sql, ("a", None), ("n", "2")).json_rows == ["null", "null"]


@pytest.mark.parametrize(("idle", "read_only", "connections"), [(20, False, 2), (20, True, 1), (5, False, 1)])
def test_a_write_does_not_go_out_on_a_connection_that_was_idle_for_long(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, *, idle: int, read_only: bool, connections: int
) -> None:
    with Recorder() as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", recorder.url)
        wire = Wire.from_environment()
        api = DataApi(Settings.from_environment(environment), wire)
        deadline = Deadline(lambda: 60_000)
        api.execute(READ, (), replay=Replay.READ, deadline=deadline)
        now = time.monotonic()
        monkeypatch.setattr("handler.data_api.client.time.monotonic", lambda: now + idle)
        assert api.execute(READ, (), replay=_replay(read_only), deadline=deadline).json_rows == ['{"a":1}']
        assert recorder.connections == connections
        wire.close()


def test_an_answer_that_cannot_be_read_leaves_a_write_unknown_and_a_read_repeated(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    with Recorder() as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", recorder.url)
        recorder.answer = Answer(body=b"<html>")
        wire = Wire.from_environment()
        api = DataApi(Settings.from_environment(environment), wire)
        for replay, outcome in ((Replay.WRITE, Outcome.UNKNOWN), (Replay.READ, Outcome.NOT_EXECUTED)):
            with refused_with(errors.DatabaseUnavailable) as failure:
                api.execute(READ, (), replay=replay, deadline=Deadline(lambda: 60_000))
            assert failure.value.outcome is outcome
        wire.close()
    attempts = [(each.header("amz-sdk-invocation-id"), each.header("amz-sdk-request")) for each in recorder.requests]
    (write, *reads) = attempts
    assert write[1] == "attempt=1"
    assert [request for _, request in reads] == [f"attempt={number}" for number in (1, 2, 3, 4)]
    assert len({identifier for identifier, _ in reads}) == 1
    assert len(pauses) == 3
