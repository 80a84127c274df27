"""Armed faults: which requests and rows they meet, how often, and whether they ever fired.

Arming an unknown fault is an error, and so is disarming one that never fired: a test that armed it proved nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orgtwin.errors import SalesforceError
from orgtwin.faults.catalogue import FAULTS, Effect, Fault, Stage

_READING = frozenset({"GET", "HEAD"})
_OF_REQUESTS = (Stage.ARRIVAL, Stage.ANSWER)


@dataclass(frozen=True, slots=True)
class Where:
    """Which requests or rows a fault meets. None meets all; `after` lets that many pass first; `count` None never stops."""

    method: str | None = None
    path: str | None = None
    object: str | None = None
    after: int = 0
    count: int | None = 1
    seconds: float = 0.0


@dataclass(slots=True)
class ArmedFault:
    """One arming of a fault."""

    fault_id: int
    fault: Fault
    where: Where
    met: int = 0
    fired: int = 0

    def meets(self, method: str, path: str, sobject_type: str | None) -> bool:
        where = self.where
        if self.fault.writes_only and method in _READING:
            return False
        if where.method is not None and where.method.upper() != method:
            return False
        if where.path is not None and not fnmatchcase(path, where.path):
            return False
        return where.object is None or (sobject_type or "").lower() == where.object.lower()

    def fire(self) -> bool:
        """True when it is this one's turn; counts either way."""
        self.met += 1
        spent = self.where.count is not None and self.fired >= self.where.count
        if self.met <= self.where.after or spent:
            return False
        self.fired += 1
        return True


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen to one request."""

    refusal: SalesforceError | None = None
    wait_seconds: float = 0.0
    cut_before: bool = False
    cut_after: bool = False
    expire_session: bool = False


NOTHING = Plan()


class FaultTable:
    """All armed faults of one twin, in the order they were armed."""

    def __init__(self) -> None:
        self._armed: list[ArmedFault] = []
        self._next_id = 1

    @property
    def is_empty(self) -> bool:
        return not self._armed

    def arm(self, name: str, where: Where = Where()) -> ArmedFault:
        """Raises TWIN_UNKNOWN_FAULT for a name that is not in the catalogue."""
        fault = FAULTS.get(name)
        if fault is None:
            known = ", ".join(sorted(FAULTS))
            raise SalesforceError("TWIN_UNKNOWN_FAULT", f"there is no fault {name!r}; known faults: {known}")
        if fault.effect is Effect.WAIT and where.seconds <= 0:
            raise SalesforceError("TWIN_BAD_FAULT", f"the fault {name!r} needs seconds > 0")
        armed = ArmedFault(self._next_id, fault, where)
        self._next_id += 1
        self._armed.append(armed)
        return armed

    def armed(self) -> tuple[ArmedFault, ...]:
        return tuple(self._armed)

    def disarm(self, fault_id: int | None = None) -> list[ArmedFault]:
        """Take one fault, or all, out of the table and give them back. Raises TWIN_FAULT_NEVER_FIRED when one never did."""
        gone = [armed for armed in self._armed if fault_id in (None, armed.fault_id)]
        if fault_id is not None and not gone:
            raise SalesforceError("TWIN_UNKNOWN_FAULT", f"no armed fault has the id {fault_id}", status=404)
        self._armed = [armed for armed in self._armed if armed not in gone]
        idle = [f"{armed.fault.name} ({armed.fault_id})" for armed in gone if not armed.fired]
        if idle:
            raise SalesforceError("TWIN_FAULT_NEVER_FIRED", f"disarmed, but never fired: {', '.join(idle)}", status=409)
        return gone

    def plan(self, method: str, path: str, sobject_type: str | None) -> Plan:
        """What the armed faults do to this request; each that is due counts as fired."""
        due = [
            armed
            for armed in self._armed
            if armed.fault.stage in _OF_REQUESTS and armed.meets(method, path, sobject_type) and armed.fire()
        ]
        return _combine(due) if due else NOTHING

    def row_faults(self, sobject_type: str) -> Iterable[ArmedFault]:
        """Those that may refuse rows of this object."""
        return [
            armed
            for armed in self._armed
            if armed.fault.stage is Stage.ROW
            and (armed.where.object is None or armed.where.object.lower() == sobject_type.lower())
        ]

    def fires(self, name: str, sobject_type: str | None = None) -> bool:
        """Whether a fault of events is due, for events of this object; it counts as fired then."""
        return any(
            armed.fire()
            for armed in self._armed
            if armed.fault.name == name
            and (
                sobject_type is None or armed.where.object is None or armed.where.object.lower() == sobject_type.lower()
            )
        )


def _combine(due: list[ArmedFault]) -> Plan:
    refusing = next((armed for armed in due if armed.fault.effect is Effect.REFUSE), None)
    cuts = [armed for armed in due if armed.fault.effect is Effect.CUT]
    return Plan(
        refusal=refusing.fault.refusal() if refusing else None,
        wait_seconds=sum(armed.where.seconds for armed in due if armed.fault.effect is Effect.WAIT),
        cut_before=any(armed.fault.stage is Stage.ARRIVAL for armed in cuts),
        cut_after=any(armed.fault.stage is Stage.ANSWER for armed in cuts),
        expire_session=any(armed.fault.effect is Effect.EXPIRE for armed in due),
    )
