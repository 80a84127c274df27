"""Who works on what, where several workers share the state in PostgreSQL.

A worker claims an agreement, and the account whose lock its writes take, before it works on it; nobody else does meanwhile. So
changes of one agreement keep their order and no two workers fight for one account. A claim ends with the run or, when its worker
died, by itself: at once when the database sees the connection end, at the latest when its time is over. What was not settled then
is taken up by the next one. One worker at a time reads the feeds. What has to be alone with the state claims everything (`sole`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clmkit.mapping.model import Role, Spec
from clmkit.sync.inbox import InboxEvent
from clmkit.sync.rows import is_whole_agreement
from clmkit.sync.state import State

CLAIM_SECONDS = 120.0
READER = "reader of the feeds"


@dataclass(slots=True)
class Claims:
    spec: Spec
    state: State
    worker: str
    clock: Callable[[], float]
    """Seconds since 1970, the same on every machine but for its skew, which has to stay far below CLAIM_SECONDS."""
    _held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.state.database.sign_on(self.worker)

    def find_alone(self) -> str:
        """Who has to be alone with the state; empty when nobody has to."""
        with self.state.transaction():
            return self.state.inbox.find_alone(self.worker)

    def may_read(self) -> bool:
        return READER in self._claim({READER})

    def take(self, events: Sequence[InboxEvent]) -> list[InboxEvent]:
        """Those of the events that are this worker's now; the others wait for whoever has them."""
        accounts = self._accounts_of({event.agreement_id for event in events})
        names = {event: {event.agreement_id} | accounts.get(event.agreement_id, set()) for event in events}
        mine = self._claim(set().union(*names.values()))
        return [event for event in events if names[event] <= mine]

    def renew(self) -> bool:
        """Whether everything that was claimed still is this worker's, and from now on for the whole time again."""
        with self.state.transaction():
            return self.state.inbox.renew(self.worker, self.clock() + CLAIM_SECONDS) == len(self._held)

    def release(self) -> None:
        with self.state.transaction():
            self.state.inbox.release(self.worker)
        self._held.clear()

    def _claim(self, names: set[str]) -> set[str]:
        now = self.clock()
        with self.state.transaction():
            mine = self.state.inbox.claim(names, self.worker, now + CLAIM_SECONDS, now)
        self._held |= mine
        return mine

    def _accounts_of(self, agreement_ids: set[str]) -> dict[str, set[str]]:
        """The match values of the records above each agreement's own row, as last agreed on."""
        found: dict[str, set[str]] = {}
        parents = {
            mapping.name: [column.salesforce for column in mapping.columns if column.role is Role.PARENT]
            for mapping in self.spec.objects
            if is_whole_agreement(mapping)
        }
        for link in self.state.find_links_of_agreements(agreement_ids):
            names = {f"{name}:{link.base[name]}" for name in parents.get(link.object, ()) if link.base.get(name)}
            found.setdefault(link.agreement_id, set()).update(names)
        return found
