"""Faults that an administrator arms, each by name, for a number of times. What would never strike is refused when it is armed.

`armed -> struck` is counted, so that a test can assert that the weather it ordered came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from clmtwin.problem import Problem

Where = Literal["request", "delivery"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    where: Where
    summary: str
    needs_delay: bool = False


FAULTS: dict[str, FaultKind] = {
    "http_503": FaultKind("request", "the request is refused with 503 before anything is read"),
    "http_429": FaultKind("request", "the request is refused with 429 and Retry-After"),
    "http_401": FaultKind("request", "the access token is treated as expired"),
    "slow": FaultKind("request", "the answer comes late", needs_delay=True),
    "dropped_before_commit": FaultKind("request", "the connection is cut and nothing was done"),
    "dropped_after_commit": FaultKind("request", "the connection is cut although everything was done"),
    "webhook_late": FaultKind("delivery", "the delivery waits", needs_delay=True),
    "webhook_doubled": FaultKind("delivery", "the delivery is made twice"),
    "webhook_lost": FaultKind("delivery", "the delivery is never made"),
    "webhook_out_of_order": FaultKind("delivery", "the delivery is made after the next one"),
}

MOST_ARMED = 100


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a fault is armed. `path` is the beginning of the request paths that it strikes, `method` narrows it further."""

    name: str
    times: int = 1
    delay_ms: int | None = None
    method: str | None = None
    path: str | None = None


class ArmedFault(msgspec.Struct, frozen=True):
    id: str
    order: FaultOrder
    struck: int

    @property
    def is_spent(self) -> bool:
        return self.struck >= self.order.times

    @property
    def delay_seconds(self) -> float:
        return (self.order.delay_ms or 0) / 1000


@dataclass(slots=True)
class FaultBoard:
    """The armed faults, in the order of arming. They are weather, not data: a restart clears them."""

    armed: list[ArmedFault] = field(default_factory=list)
    _count: int = 0

    def arm(self, order: FaultOrder, *, known_path_starts: tuple[str, ...], has_webhooks: bool) -> ArmedFault:
        kind = FAULTS.get(order.name)
        if kind is None:
            raise Problem("unknown_fault", f"There is no fault {order.name!r}; there are {', '.join(FAULTS)}.")
        _require_effect(order, kind, known_path_starts, has_webhooks)
        if len(self.armed) >= MOST_ARMED:
            raise Problem("invalid", f"{MOST_ARMED} faults are armed already; DELETE /admin/faults first.")
        self._count += 1
        fault = ArmedFault(f"FLT-{self._count}", order, 0)
        self.armed.append(fault)
        return fault

    def disarm_all(self) -> list[ArmedFault]:
        gone, self.armed = self.armed, []
        return gone

    def disarm(self, fault_id: str) -> ArmedFault | None:
        found = next((fault for fault in self.armed if fault.id == fault_id), None)
        if found is not None:
            self.armed.remove(found)
        return found

    def strike_request(self, method: str, path: str) -> ArmedFault | None:
        """The first armed fault that strikes this request, counted; None in fair weather. Admin requests are never struck."""
        if path.startswith("/admin/"):
            return None
        return self._strike(lambda order: _strikes_request(order, method, path))

    def strike_delivery(self) -> ArmedFault | None:
        return self._strike(lambda order: FAULTS[order.name].where == "delivery")

    def _strike(self, strikes: Callable[[FaultOrder], bool]) -> ArmedFault | None:
        for place, fault in enumerate(self.armed):
            if not fault.is_spent and strikes(fault.order):
                self.armed[place] = struck = msgspec.structs.replace(fault, struck=fault.struck + 1)
                return struck
        return None


def _strikes_request(order: FaultOrder, method: str, path: str) -> bool:
    if FAULTS[order.name].where != "request":
        return False
    return path.startswith(order.path or "/") and order.method in (None, method)


def _require_effect(order: FaultOrder, kind: FaultKind, known_path_starts: tuple[str, ...], has_webhooks: bool) -> None:
    if order.times < 1:
        raise Problem("fault_without_effect", f"times is {order.times}: {order.name} would never strike.")
    if kind.needs_delay and (order.delay_ms or 0) <= 0:
        raise Problem("fault_without_effect", f"{order.name} needs delay_ms above 0.")
    if not kind.needs_delay and order.delay_ms is not None:
        raise Problem("fault_without_effect", f"{order.name} takes no delay_ms.")
    if kind.where == "delivery" and (order.path is not None or order.method is not None):
        raise Problem("fault_without_effect", f"{order.name} strikes deliveries; path and method select requests.")
    if kind.where == "delivery" and not has_webhooks:
        raise Problem("fault_without_effect", f"{order.name} strikes deliveries and no webhook is registered.")
    path = order.path
    if path is not None and not any(path.startswith(known) or known.startswith(path) for known in known_path_starts):
        raise Problem("fault_without_effect", f"No route starts with {path!r}.")
