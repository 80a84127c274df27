"""One running twin: the org and what stands around it (sessions, usage, faults, the surfaces' own stores)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from orgtwin.allocations import API_REQUESTS, Allocations
from orgtwin.audit.trail import AuditTrail
from orgtwin.auth.authority import create_authorization_server
from orgtwin.auth.book import AuthBook
from orgtwin.auth.sessions import RandomText, SessionStore, random_text
from orgtwin.errors import SalesforceError
from orgtwin.events.cometd import CometdServer
from orgtwin.events.service import EventService
from orgtwin.faults.rows import FaultyDml
from orgtwin.faults.table import FaultTable
from orgtwin.flows.conditions import Item
from orgtwin.flows.service import FlowService
from orgtwin.http.garbage import take_back
from orgtwin.http.house import House
from orgtwin.http.in_flight import InFlight
from orgtwin.http.latency import OFF, Latency
from orgtwin.http.stage import OrgStage
from orgtwin.http.surroundings import Surroundings, bring_back
from orgtwin.http.turns import Turns
from orgtwin.http.usage import ApiUsage
from orgtwin.metadata.component import ComponentStore
from orgtwin.metadata.duplicate_rules import duplicate_check
from orgtwin.metadata.record_type_grants import RecordTypeGrants
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Dml
from orgtwin.soql.catalog import VirtualTables
from orgtwin.workflow.assignment import Assignment
from orgtwin.workflow.service import Workflow

if TYPE_CHECKING:
    from orgtwin.apex.service import ApexService
    from orgtwin.http.message import Request, Response
    from orgtwin.http.routing import Handler

Part = TypeVar("Part")
Dispatch = Callable[["Request", str, str, bytes, Mapping[str, str], "Mapping[Handler, Handler]"], "Response"]

# DailyApiRequests of a Developer Edition org; `orgtwin serve --daily-api-requests` sets another.
DEFAULT_DAILY_API_REQUESTS = 15_000


class Twin:
    """What handlers reach through `request.twin`."""

    def __init__(
        self,
        org: Org,
        house: House,
        *,
        admin_token: str,
        admin_username: str,
        daily_api_requests: int = DEFAULT_DAILY_API_REQUESTS,
        latency: Latency = OFF,
        random: RandomText = random_text,
        book: AuthBook | None = None,
    ) -> None:
        self.house = house
        self.org = org
        self.admin_token = admin_token
        self.admin_username = admin_username
        self.random = random
        self.auth = create_authorization_server(org, random, self._components, lambda: self.org, book or AuthBook())
        self._daily_api_requests = daily_api_requests
        self._first_latency = self.latency = latency
        self.turns = Turns(OrgStage(self, _find_apex), _server_ends)
        self.faults = FaultTable()
        self.in_flight = InFlight(monotonic)
        self.tooling_tables = VirtualTables()
        self.data_tables = VirtualTables()
        self.dispatch: Dispatch = _nothing_dispatches
        self._parts: dict[Callable[..., object], object] = {}
        self._attend(org)

    def _components(self) -> ComponentStore:
        return self.part(MetadataService).components

    @property
    def dml(self) -> Dml:
        """Writes, with whatever row faults are armed."""
        return self.org.dml if self.faults.is_empty else FaultyDml(self.org.dml, self.faults, self._type_of)

    @property
    def is_prompt(self) -> bool:
        """Whether nothing stands between a request and its answer."""
        return self.faults.is_empty and self.latency.is_off and not self.in_flight

    def _type_of(self, record_id: str) -> str:
        found = self.org.schema.find_by_prefix(record_id[:3])
        return found.api_name if found else ""

    @property
    def sessions(self) -> SessionStore:
        return self.auth.sessions

    def part(self, kind: Callable[[Organization], Part]) -> Part:
        """The one `kind` of this twin (bulk jobs, deployments ...), made from the org when first asked for."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self.org)
        return found  # type: ignore[return-value]

    def adopt(self, org: Org, surroundings: Surroundings) -> None:
        """Take another org, and what stood around it, in place of this one.

        Client apps go on, and the sessions of users that this org has; stores of the surfaces begin anew.
        """
        self.org = org
        self.auth = self.auth.moved_to(org, surroundings.sign_ins)
        self._parts.clear()
        take_back()
        self._attend(org)
        bring_back(self, surroundings)

    def _attend(self, org: Org) -> None:
        """What counts, and what takes part in the org's saves, from now on: flows, triggers, duplicate rules, events."""
        self.allocations = Allocations(org.clock)
        self.allocations[API_REQUESTS].maximum = self._daily_api_requests
        self.usage = ApiUsage(self.allocations[API_REQUESTS])
        components = self.part(MetadataService).state.components
        self.events = EventService(org, components, lambda: self.faults, self.allocations)
        self.flows = FlowService(org, components)
        self.flows.call_apex = self._call_apex
        Assignment(org, components)
        Workflow(org, components, self.flows.outbox)
        self._watch_for_triggers(org)
        self.part(MetadataService).tell = AuditTrail(org).deployed
        duplicate_check(org).join(org.hooks)
        org.hooks.record_types = RecordTypeGrants(org, components)
        self.cometd = CometdServer(self.events, self.random)

    def _call_apex(self, caller: Caller, name: str, inputs: Sequence[Mapping[str, Item]]) -> list[Mapping[str, Item]]:
        from orgtwin.apex.flow_actions import call_invocable
        from orgtwin.apex.service import service_of

        return call_invocable(service_of(self.org).current(), caller, name, inputs)

    def _watch_for_triggers(self, org: Org) -> None:
        """Apex joins the save order with the first trigger, before a save begins; until then it is not even imported."""

        def join() -> None:
            if len(org.table("ApexTrigger")):
                from orgtwin.apex.service import service_of

                service_of(self.org)

        join()
        self.part(MetadataService).after_deploy.append(join)

    def reset(self) -> None:
        """As the server started: nothing deployed, saved or used, nobody has signed in, no fault is armed."""
        self.faults = FaultTable()
        self.latency = self._first_latency
        self.adopt(self.house.renew(), Surroundings())


def _find_apex(org: Org) -> ApexService | None:
    """The Apex of an org, if it has any: what was never imported runs nothing."""
    module = sys.modules.get("orgtwin.apex.service")
    return None if module is None else module.find_service(org)


def _server_ends() -> SalesforceError:
    return SalesforceError("SERVER_UNAVAILABLE", "The org twin is shutting down.", status=503)


def _nothing_dispatches(
    _parent: Request,
    method: str,
    target: str,
    _body: bytes,
    _headers: Mapping[str, str],
    _instead: Mapping[Handler, Handler],
) -> Response:
    raise RuntimeError(f"{method} {target}: no application serves this twin")
