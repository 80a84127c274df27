"""One agreement on its way through a round: what was found out about it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from clmkit.clients.errors import WireError
from clmkit.mapping.evaluate import ParkedRow, ParkedValue, Row
from clmkit.mapping.model import ObjectMapping
from clmkit.sync.decide import FieldDecision
from clmkit.sync.intake import Work
from clmkit.sync.rows import Agreement
from clmkit.sync.state import Parked


@dataclass(slots=True)
class Case:
    work: Work
    agreement: Agreement
    state: str | None
    parked: list[Parked] = field(default_factory=list)
    pulls: list[tuple[ObjectMapping, str, FieldDecision]] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)
    waits: dict[str, set[str]] = field(default_factory=dict)
    """The fields whose time has not come, by latency."""
    overwrites_clm: bool = False
    has_written: bool = False
    again: str = ""
    """Why the agreement has to be read and planned anew; empty when it has not."""
    untaken: WireError | None = None
    """What the CLM said to the patch, after all attempts, when time may heal it."""

    @property
    def agreement_id(self) -> str:
        return self.work.agreement_id

    @property
    def revision(self) -> int:
        return int(str(self.agreement["revision"]))

    @property
    def updated_at(self) -> str:
        return str(self.agreement.get("updated_at", ""))

    @property
    def actors(self) -> set[str]:
        """Whom the CLM names for the changes of this agreement: of each event, and of the last change where it tells that."""
        last = self.agreement.get("updated_by")
        return self.work.actors | ({str(last)} if last else set())

    @property
    def is_held(self) -> bool:
        """Whether its events wait with what is not due yet."""
        return bool(self.waits)

    @property
    def outcome(self) -> str:
        """A row that waits outweighs a conflict, a conflict outweighs what was written."""
        kinds = {row.kind for row in self.parked}
        if "row" in kinds:
            return "parked"
        if "conflict" in kinds:
            return "conflict"
        return "pushed" if self.has_written else "unchanged"

    @property
    def reason(self) -> str:
        return next((row.reason for row in self.parked if row.kind in ("row", "conflict")), "")

    def park_row(
        self, mapping: ObjectMapping, key: str, field_name: str, value: str, reason: str, steward: str
    ) -> None:
        self.parked.append(Parked(mapping.name, key, field_name, self.agreement_id, "row", value, reason, steward))

    def park_evaluated(self, row: Row) -> None:
        """Take over what the evaluation parked; the value for which a whole row waits is not counted a second time."""
        if row.park is not None:
            self._park("row", row.park)
        for parked in row.parked:
            if row.park is None or parked.field != row.park.field:
                self.park_value(parked)

    def park_value(self, parked: ParkedValue) -> None:
        self._park("value", parked)

    def _park(self, kind: str, parked: ParkedRow | ParkedValue) -> None:
        self.parked.append(
            Parked(
                parked.object,
                parked.key,
                parked.field,
                self.agreement_id,
                kind,
                parked.value,
                parked.reason,
                parked.steward,
            )
        )

    def park_conflict(self, mapping: ObjectMapping, key: str, decision: FieldDecision) -> None:
        steward, name = decision.field.steward, decision.field.name
        advice = "Change it or the mapping" if decision.is_unstable else "Make both equal, or change the rule"
        reason = f"{decision.field.label}: {decision.reason}. {advice}, then redrive."
        self.parked.append(
            Parked(mapping.name, key, name, self.agreement_id, "conflict", str(decision.value or ""), reason, steward)
        )

    def has_parked_row(self, mapping_name: str, key: str) -> bool:
        return any(row.kind == "row" and row.object == mapping_name and row.key == key for row in self.parked)
