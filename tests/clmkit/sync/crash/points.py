"""The points at which the sync is killed: before, inside and after everything that it does outside its own memory.

The product knows nothing of them. In a process that shall die its methods are wrapped, and the wrapper sends this process SIGKILL:
no handler runs, no buffer is flushed, no transaction is ended.
"""

from __future__ import annotations

import asyncio
import enum
import functools
import inspect
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clmkit.clients.salesforce import Salesforce
from clmkit.connectors import DescribedClm
from clmkit.sync.inbox import Inbox
from clmkit.sync.intake import Intake
from clmkit.sync.references import References
from clmkit.sync.state import State

UNDER_WAY_SECONDS = 0.002
"""How long a request is on its way when its sender dies: sent, and most often not answered yet."""

Method = tuple[type, str]
TAKE_IN: tuple[Method, ...] = ((Inbox, "add"),)
SHIP: tuple[Method, ...] = tuple((Salesforce, f"upsert_{way}") for way in ("collection", "composite", "bulk"))
PATCH: tuple[Method, ...] = ((DescribedClm, "patch_agreement"),)
SETTLE: tuple[Method, ...] = ((Inbox, "settle"),)


class Moment(enum.Enum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    COMMITTED = "after the transaction in which it was called"


@dataclass(frozen=True)
class Point:
    name: str
    methods: tuple[Method, ...]
    moment: Moment


_ALL = (
    Point("before a page is taken in", TAKE_IN, Moment.BEFORE),
    Point("a page is taken in, its cursor is not moved", TAKE_IN, Moment.AFTER),
    Point("page and cursor are committed", TAKE_IN, Moment.COMMITTED),
    Point("work is taken up", ((Intake, "take"),), Moment.AFTER),
    Point("rows are decided, their lookups are not found", ((References, "prepare"),), Moment.BEFORE),
    Point("before a shipment", SHIP, Moment.BEFORE),
    Point("a shipment is under way", SHIP, Moment.DURING),
    Point("a shipment is answered, nothing is remembered", SHIP, Moment.AFTER),
    Point("links are written, the audit is not", ((State, "put_links"),), Moment.AFTER),
    Point("the audit is written, nothing is committed", ((State, "record"),), Moment.AFTER),
    Point("links and audit are committed", ((State, "put_links"),), Moment.COMMITTED),
    Point("before the CLM is patched", PATCH, Moment.BEFORE),
    Point("a patch is under way", PATCH, Moment.DURING),
    Point("the CLM is patched, nothing is remembered", PATCH, Moment.AFTER),
    Point("before outcomes are settled", SETTLE, Moment.BEFORE),
    Point("outcomes are settled, nothing is committed", SETTLE, Moment.AFTER),
    Point("outcomes are committed", SETTLE, Moment.COMMITTED),
)
POINTS: Mapping[str, Point] = {point.name: point for point in _ALL}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Doom:
    """Dies at the `passage`-th time that the point is reached."""

    point: Point
    passage: int
    reached: int = 0
    is_pending: bool = False

    def pass_by(self) -> None:
        self.reached += 1
        if self.reached == self.passage:
            if self.point.moment is Moment.DURING:
                asyncio.get_running_loop().call_later(UNDER_WAY_SECONDS, die)
            else:
                die()

    def install(self) -> None:
        for owner, name in self.point.methods:
            setattr(owner, name, self._wrapped(getattr(owner, name)))
        if self.point.moment is Moment.COMMITTED:
            self._watch_commits()

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        moment = self.point.moment
        is_early = moment in (Moment.BEFORE, Moment.DURING)

        def leave() -> None:
            self.is_pending = moment is Moment.COMMITTED
            if moment is Moment.AFTER:
                self.pass_by()

        @functools.wraps(original)
        async def act_later(*arguments: Any, **named: Any) -> Any:
            if is_early:
                self.pass_by()
            answer = await original(*arguments, **named)
            leave()
            return answer

        @functools.wraps(original)
        def act(*arguments: Any, **named: Any) -> Any:
            if is_early:
                self.pass_by()
            answer = original(*arguments, **named)
            leave()
            return answer

        return act_later if inspect.iscoroutinefunction(original) else act

    def _watch_commits(self) -> None:
        original = State.transaction

        @contextmanager
        def transaction(state: State) -> Iterator[None]:
            with original(state):
                yield
            if self.is_pending:
                self.is_pending = False
                self.pass_by()

        State.transaction = transaction  # type: ignore[method-assign,assignment]
