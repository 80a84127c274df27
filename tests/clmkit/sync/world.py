"""Both systems in memory and a sync between them, by the shipped mapping: what the stories in these tests are told with."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.fake_org import OWNER, FakeOrg

from clmkit.mapping.model import Spec
from clmkit.sync.claims import Claims
from clmkit.sync.database import Target
from clmkit.sync.editors import ClmRoles
from clmkit.sync.engine import Engine, load_linted, utc_now
from clmkit.sync.guards import Limits
from clmkit.sync.listening import Listening
from clmkit.sync.reconcile import Comparison, ReconcileReport
from clmkit.sync.report import RunReport
from clmkit.sync.schedule import Pace
from clmkit.sync.shipping import Way
from clmkit.sync.state import State

SHIPPED = Path(__file__).parents[3] / "mappings/contract.yml"
ACME, BETA = "PTY-acme", "PTY-beta"
AGREEMENT = {
    "stage": "DRAFT",
    "title": "Supply",
    "contract_type": "Supply Agreement",
    "counterparty": {"id": ACME, "name": "ACME", "contact": None},
    "business_owner": None,
    "term": {"signed": None, "start": "2026-01-01", "end": "2026-12-31"},
    "renewal": None,
    "value": None,
    "governing_law": None,
    "signature": None,
    "document": None,
    "clauses": [{"type": "Non-Compete", "present": True, "deviation": "CANARY"}],
    "parties": [],
    "lines": [],
    "documents": [],
    "amends": None,
    "renews": None,
    "amendments": [],
    "obligations": [],
    "approvals": [],
}


@cache
def shipped_spec() -> Spec:
    return load_linted(SHIPPED)


async def no_sleep(_seconds: float) -> None:
    return None


@dataclass
class World:
    spec: Spec = field(default_factory=shipped_spec)
    state_path: Target = ":memory:"
    org: FakeOrg = field(default_factory=FakeOrg)
    clm: FakeClm = field(default_factory=FakeClm)
    page: int = 500
    way: Way | None = None
    limits: Limits = field(default_factory=Limits)
    worker: str = "worker"
    listening: Listening | None = None
    pace: Pace = field(default_factory=Pace)
    clm_roles: ClmRoles = field(default_factory=ClmRoles)
    now: str = ""
    """The instant; empty for the machine's own."""
    clock: float = 0.0
    """Seconds by which claims end."""
    _state: State | None = None

    def __post_init__(self) -> None:
        self.org.records["User"] = {
            OWNER: {"Id": OWNER, "Email": "integration@example.com", "SystemModstamp": ""},
            "005BEA": {"Id": "005BEA", "Email": "bea@example.com", "SystemModstamp": ""},
        }
        self.org.prefix = self.spec.prefix
        for key, name in ((ACME, "ACME"), (BETA, "Beta")):
            self.org.add("Account", **{f"{self.spec.prefix}_Party_Id__c": key}, Name=name)
        for name in ("Ann", "Bob"):
            self.org.add("Contact", **{self._person: f"PER-{name.lower()}"}, Email=f"{name.lower()}@example.com")

    @property
    def _person(self) -> str:
        return f"{self.spec.prefix}_Person_Id__c"

    @property
    def state(self) -> State:
        if self._state is None:
            self._state = State(self.state_path)
        return self._state

    def restart(self) -> None:
        """The process is gone and a new one opens the same state."""
        if self._state is not None:
            self._state.close()
            self._state = None

    def agreement(self, agreement_id: str = "AGR-000001", **fields: Any) -> None:
        """A new agreement with terms of its own, or a change to one that is there; `actor` is who makes it."""
        self.clm.save(agreement_id, **(fields if agreement_id in self.clm.agreements else {**AGREEMENT, **fields}))

    def engine(self) -> Engine:
        shared = self.state.database.is_shared
        return Engine(
            self.spec,
            self.state,
            self.org,
            self.clm,
            (Counter(),),
            page=self.page,
            sleep=no_sleep,
            limits=self.limits,
            way=self.way,
            listening=self.listening,
            pace=self.pace,
            clm_roles=self.clm_roles,
            now=(lambda: self.now) if self.now else utc_now,
            claims=Claims(self.spec, self.state, self.worker, lambda: self.clock) if shared else None,
        )

    def run(self, *, allow: bool = False, looks: bool = True) -> RunReport:
        engine = self.engine()
        engine.allow = allow
        report = asyncio.run(engine.run(looks=looks))
        assert report.is_balanced, report
        return report

    def reconcile(self) -> ReconcileReport:
        return asyncio.run(Comparison(self.spec, self.org, self.clm, self.state).run())

    def contract(self, agreement_id: str = "AGR-000001") -> dict[str, Any]:
        return self.org.get("Contract", agreement_id)

    def contact_id(self, person: str) -> str:
        return next(str(row["Id"]) for row in self.org.records["Contact"].values() if row[self._person] == person)


Story = Callable[[World], None]
