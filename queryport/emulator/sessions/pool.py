"""The sessions that serve calls, kept open and reset between them, one set per target.

A session is handed out as DISCARD ALL leaves it, as the service's are: it runs before the next statement, or a moment
after the last one if nobody wants the session, since it might hold locks. Statements outside transactions wait for a
place when there are many; transactions do not, since each holds its session for as long as its client likes.
"""

import asyncio
import time
from collections import deque

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.emulator.errors import ApiError, PostgresFailure
from queryport.emulator.limits import Limits
from queryport.emulator.sessions.session import Session, SessionLost
from queryport.emulator.sessions.targets import Target

CONNECT_SECONDS = 10.0
RESET_SECONDS = 0.01
IDLE_SECONDS = 30.0
_TOO_MANY_CONNECTIONS = "53300"
_UNTIL_GONE_SECONDS = 0.2
"""PostgreSQL needs a moment to end a session that was closed."""

KEPT_IDLE = 32
"""Idle sessions per target; more are closed as they come back."""


class Pool:
    """The open sessions of one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: dict[Target, deque[tuple[float, Session]]] = {}
        self._open: set[Session] = set()
        self._resetting: asyncio.TimerHandle | None = None
        self._finishing: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(limits.sessions)

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def idle(self) -> int:
        return sum(len(idle) for idle in self._idle.values())

    def session(self, target: Target) -> "Lease":
        """A session for one statement outside a transaction, as an asynchronous context."""
        return Lease(self, self._places, target)

    async def take(self, target: Target) -> Session:
        """A session for a transaction; give it back. Raises PostgresFailure if PostgreSQL refuses it."""
        idle = self._idle.get(target)
        while idle:
            _, session = idle.pop()
            try:
                if session.unread:
                    await session.settle()
                if not session.has_hung_up():
                    return session
            except SessionLost:
                pass  # it ended while it was idle
            self._open.discard(session)
        return await self._connect(target)

    def give_back(self, target: Target, session: Session) -> None:
        if session.lost:
            self._discard(session)
        elif session.unread:
            # A statement was left before its end: it runs on, as it does behind the real service, unwatched.
            task = asyncio.create_task(self._finish(target, session))
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)
        else:
            self._keep(target, session)

    async def _finish(self, target: Target, session: Session) -> None:
        try:
            await session.settle()
        except SessionLost:
            self._discard(session)
        else:
            self._keep(target, session)

    def _keep(self, target: Target, session: Session) -> None:
        idle = self._idle.setdefault(target, deque())
        if len(idle) >= KEPT_IDLE:
            self._discard(session)
            return
        session.retire()
        idle.append((time.monotonic(), session))
        if self._resetting is None:
            self._resetting = asyncio.get_running_loop().call_later(RESET_SECONDS, self._reset_idle)

    def _reset_idle(self) -> None:
        """Reset the sessions that nobody wanted, and look again for those that were given back a moment ago."""
        given_back_before = time.monotonic() - RESET_SECONDS
        are_recent = False
        for idle in self._idle.values():
            for since, session in idle:
                if since <= given_back_before:
                    session.reset()
                else:
                    are_recent = True
        self._resetting = asyncio.get_running_loop().call_later(RESET_SECONDS, self._reset_idle) if are_recent else None

    def sweep(self) -> None:
        """Close sessions that were idle for a while."""
        oldest = time.monotonic() - IDLE_SECONDS
        for target, idle in list(self._idle.items()):
            while idle and (idle[0][0] < oldest or idle[0][1].lost):
                self._discard(idle.popleft()[1])
            if not idle:
                del self._idle[target]

    def close_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                self._discard(idle.popleft()[1])

    def close(self) -> None:
        """End every session, running statements included."""
        if self._resetting is not None:
            self._resetting.cancel()
        for task in self._finishing:
            task.cancel()
        for session in list(self._open):
            session.cancel()
            self._discard(session)
        self._idle.clear()

    def _discard(self, session: Session) -> None:
        self._open.discard(session)
        session.close()

    def _options(self, target: Target) -> str:
        """The settings that the service's sessions begin with, after those of the URL."""
        given = conninfo_to_dict(target.conninfo).get("options") or ""
        timeout = f"statement_timeout={self._limits.statement_milliseconds}"
        own = ("TimeZone=UTC", "DateStyle=ISO,MDY", "extra_float_digits=2", timeout)
        return " ".join([str(given), *(f"-c {setting}" for setting in own)])

    async def _connect(self, target: Target) -> Session:
        """Open a session; where PostgreSQL has no place left, at the cost of idle ones."""
        try:
            return await self._connect_once(target)
        except PostgresFailure as failure:
            if failure.sqlstate != _TOO_MANY_CONNECTIONS or not self.idle:
                raise
        self.close_idle()
        await asyncio.sleep(_UNTIL_GONE_SECONDS)
        return await self._connect_once(target)

    async def _connect_once(self, target: Target) -> Session:
        conninfo = make_conninfo(target.conninfo, client_encoding="UTF8", options=self._options(target))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                session = await Session.connect(conninfo, target.user)
        except SessionLost as lost:
            if lost.failure is not None:
                raise lost.failure from lost
            raise ApiError("DatabaseUnavailableException") from lost
        except TimeoutError as failure:
            raise ApiError("DatabaseUnavailableException") from failure
        self._open.add(session)
        return session


class Lease:
    """A session of the pool for the length of a `with` block."""

    __slots__ = ("_places", "_pool", "_session", "_target")

    def __init__(self, pool: Pool, places: asyncio.Semaphore, target: Target) -> None:
        self._pool = pool
        self._places = places
        self._target = target
        self._session: Session | None = None

    async def __aenter__(self) -> Session:
        await self._places.acquire()
        try:
            self._session = session = await self._pool.take(self._target)
        except BaseException:
            self._places.release()
            raise
        return session

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
        if self._session is not None:
            self._pool.give_back(self._target, self._session)
