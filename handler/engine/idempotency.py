"""Idempotency keys: a write that carries one happens once, however often it is called.

The database keeps the keys, in `queryport.idempotency_key`, and a key is written in the very statement or transaction
that makes the change: both are there or neither is. This module knows the key of a call, and what the table says of it.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from handler.contract.errors import IdempotencyConflict, InvalidParameters, Outcome
from handler.contract.execution import KEYS_CONSTRAINT
from handler.contract.operation import Idempotency, Operation
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure
from handler.data_api.retries import Replay
from handler.engine.invocation import CallPart, Invocation
from handler.engine.parameters import Bindings
from handler.identity.caller import Caller, lasting

LONGEST_KEY = 255
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")

KEY_PART = CallPart("Idempotency-Key", "idempotency_key")

_OF_ACCESS = ("42", "3F")
"""The SQLSTATEs of what is not there or not granted; of all of their classes no row has been touched."""

_CONFLICT = Failure(
    IdempotencyConflict,
    Outcome.NOT_EXECUTED,
    detail="the idempotency key was used for a call with other parameters",
)

_LOOK_UP = """\
WITH lapsed AS (
  DELETE FROM queryport.idempotency_key WHERE operation = :operation AND key = :key AND expires_at <= now()
)
SELECT unnest(request_hash || response) FROM queryport.idempotency_key
WHERE operation = :operation AND key = :key AND expires_at > now()"""

CLAIM = """\
INSERT INTO queryport.idempotency_key AS kept (operation, key, request_hash, response, expires_at)
SELECT :__operation, :__key, :__hash, '{}', now() + :__keep::interval
FROM (
  SELECT set_config('lock_timeout', :__timeout, true) AS lock, set_config('statement_timeout', :__timeout, true) AS run,
    set_config('idle_in_transaction_session_timeout', :__timeout, true) AS idle
) AS limits
WHERE lock <> '' AND run <> '' AND idle <> ''
ON CONFLICT (operation, key) DO UPDATE
SET request_hash = excluded.request_hash, response = '{}', created_at = now(), expires_at = excluded.expires_at
WHERE kept.expires_at <= now()
RETURNING 'true'"""
"""Takes the key for a transaction, and waits for another one that has it. No row: an earlier call has used it.

The limit on waiting for locks holds for this very statement, those on statements and on waiting between them for what
follows: the key of a function that died is free again when its call would have ended."""

STORE = """\
UPDATE queryport.idempotency_key SET response = :__response::text[] WHERE operation = :__operation AND key = :__key"""


class IdempotencyKey(NamedTuple):
    """The key of a call, and the parameters that it goes with."""

    operation: str
    text: str
    hash: str
    keep: int

    @property
    def bindings(self) -> dict[str, str | None]:
        """The values of the compiled statements' placeholders."""
        return {
            "__operation": self.operation,
            "__key": self.text,
            "__hash": self.hash,
            "__keep": f"{self.keep} seconds",
        }


def key_of(
    operation: Operation, invocation: Invocation, bindings: Bindings | Sequence[Bindings]
) -> IdempotencyKey | None:
    """Return the key of a call, None where there is none. Raises InvalidParameters.

    Each caller has keys of its own; where the answer depends on claims, so has each tenant and role of a caller.
    `bindings` are the call's, of a batch those of each element: in them 1 and 1.0 are the same whole number, and a
    default is the same written out or not.
    """
    text = invocation.idempotency_key
    if invocation.roll_back:
        if text is not None:
            reason = (
                "the idempotency key cannot be kept: a call that is rolled back leaves nothing, send it without one"
            )
            raise _refused(reason, invocation)
        return None
    if text is None:
        if operation.idempotency is Idempotency.REQUIRED:
            place = KEY_PART.told(over_http=invocation.over_http)
            raise _refused(f"this operation requires an idempotency key: send {place}", invocation)
        return None
    if len(text) > LONGEST_KEY or not _KEY.fullmatch(text):
        raise _refused(f"the idempotency key must be 1 to {LONGEST_KEY} printable ASCII characters", invocation)
    if operation.read_only:
        return None  # to read twice changes nothing
    if operation.idempotency is Idempotency.OFF:
        raise _refused("this operation takes no idempotency key: send the call without one", invocation)
    owner = _owner(operation, invocation.caller, bindings)
    return IdempotencyKey(operation.name, f"{owner}:{text}", _hash(bindings), operation.keep)


def _owner(operation: Operation, caller: Caller, bindings: Bindings | Sequence[Bindings]) -> str:
    """Tell callers apart, and one caller's tenants and roles where the operation's answer depends on them."""
    sources = [parameter.name for parameter in operation.parameters if parameter.source is not None]
    if not sources and operation.row_security is None:
        return caller.scope
    first: Bindings = bindings if isinstance(bindings, dict) else next(iter(bindings), {})
    names = [*sources, "__role"]
    values = [first.get(name) for name in names]
    claims = {} if operation.row_security is None else lasting(caller.claims)
    return hashlib.sha256(orjson.dumps([caller.id, values, claims], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _refused(reason: str, invocation: Invocation) -> InvalidParameters:
    return InvalidParameters(reason, flaws=(KEY_PART.flaw(reason, over_http=invocation.over_http),))


def _hash(bindings: Bindings | Sequence[Bindings]) -> str:
    """The same for parameters that mean the same; a caller's token may be another one than in the first call."""
    elements = [bindings] if isinstance(bindings, dict) else bindings
    meant = [{name: text for name, text in each.items() if not name.startswith("__")} for each in elements]
    return hashlib.sha256(orjson.dumps(meant, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_taken(failure: Failure) -> bool:
    """Whether the database refused a write because its key is in the table."""
    return failure.broken is not None and failure.broken.name == KEYS_CONSTRAINT


def is_out_of_reach(write: Failure, look_up: Failure) -> bool:
    """Whether PostgreSQL refuses a write and the look-up of its key alike, by what the database has or grants.

    A write that cannot reach the table of keys has not kept one. Any other failure of a look-up says nothing: an
    earlier call may be what made the write fail.
    """
    return write.sqlstate == look_up.sqlstate and (write.sqlstate or "").startswith(_OF_ACCESS)


class Keys:
    """The table of keys."""

    def __init__(self, data_api: DataApi) -> None:
        self._data_api = data_api

    def answer(self, key: IdempotencyKey, deadline: Deadline) -> list[str] | None:
        """The rows that were answered to the key; None where it has not been used, or was long ago.

        Raises Failed, with IdempotencyConflict where it was used with other parameters. A key that has lapsed is taken
        away.
        """
        arguments = [("operation", key.operation), ("key", key.text)]
        rows = self._data_api.execute(_LOOK_UP, arguments, replay=Replay.READ, deadline=deadline).json_rows
        if not rows:
            return None
        if rows[0] != key.hash:
            raise Failed(_CONFLICT)
        return rows[1:]
