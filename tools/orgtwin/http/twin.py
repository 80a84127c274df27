"""One running twin: the org and what stands around it (sessions, usage, faults, the surfaces' own stores)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from orgtwin.auth.authority import create_authorization_server
from orgtwin.auth.sessions import RandomText, SessionStore, random_text
from orgtwin.faults.rows import FaultyDml
from orgtwin.faults.table import FaultTable
from orgtwin.http.usage import ApiUsage
from orgtwin.organization import Organization
from orgtwin.records.model import Dml

if TYPE_CHECKING:
    from orgtwin.http.message import Request, Response

Part = TypeVar("Part")
Dispatch = Callable[["Request", str, str, bytes, Mapping[str, str]], "Response"]

# DailyApiRequests of a Developer Edition org; `orgtwin serve --daily-api-requests` sets another.
DEFAULT_DAILY_API_REQUESTS = 15_000


class Twin:
    """What handlers reach through `request.twin`."""

    def __init__(
        self,
        org: Organization,
        new_org: Callable[[], Organization],
        *,
        admin_token: str,
        admin_username: str,
        daily_api_requests: int = DEFAULT_DAILY_API_REQUESTS,
        random: RandomText = random_text,
    ) -> None:
        self._new_org = new_org
        self.org = org
        self.admin_token = admin_token
        self.admin_username = admin_username
        self.random = random
        self.auth = create_authorization_server(org, random)
        self.usage = ApiUsage(org.clock, daily_api_requests)
        self.faults = FaultTable()
        self.dispatch: Dispatch = _nothing_dispatches
        self._parts: dict[Callable[..., object], object] = {}
        self._snapshots: dict[str, object] = {}

    @property
    def dml(self) -> Dml:
        """Writes, with whatever row faults are armed."""
        return self.org.dml if self.faults.is_empty else FaultyDml(self.org.dml, self.faults, self._type_of)

    def _type_of(self, record_id: str) -> str:
        found = self.org.schema.find_by_prefix(record_id[:3])
        return found.api_name if found else ""

    @property
    def sessions(self) -> SessionStore:
        return self.auth.sessions

    def part(self, kind: Callable[[Organization], Part]) -> Part:
        """The one `kind` of this twin (bulk jobs, deployments ...), made from the org when first asked for."""
        if kind not in self._parts:
            self._parts[kind] = kind(self.org)
        return cast(Part, self._parts[kind])

    def reset(self) -> None:
        """A new org in place of this one. Client apps, sessions and usage go on; everything deployed or saved is gone, and no
        fault is armed."""
        self.faults = FaultTable()
        self.org = self._new_org()
        self.auth = self.auth.moved_to(self.org)
        self._parts.clear()
        self._snapshots.clear()

    def snapshot(self, name: str) -> None:
        """Remember records, schema and settings under a name."""
        self._snapshots.pop(name, None)
        self._snapshots[name] = self.org.savepoint()

    def restore(self, name: str) -> None:
        """Back to a snapshot; those taken after it are forgotten. Raises KeyError for a name that is not there."""
        savepoint = self._snapshots[name]
        self.org.rollback(savepoint)
        names = list(self._snapshots)
        for later in names[names.index(name) + 1 :]:
            del self._snapshots[later]
        # Its own mark was used up by the rollback.
        self._snapshots[name] = self.org.savepoint()

    @property
    def snapshots(self) -> tuple[str, ...]:
        return tuple(self._snapshots)


def _nothing_dispatches(
    _parent: Request, method: str, target: str, _body: bytes, _headers: Mapping[str, str]
) -> Response:
    raise RuntimeError(f"{method} {target}: no application serves this twin")
