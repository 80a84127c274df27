"""A whole resolved spec."""

from __future__ import annotations

import msgspec

from clmkit.mapping.model.fields import ObjectMapping
from clmkit.mapping.model.governance import (
    Audience,
    Environment,
    Latency,
    Org,
    OrgCurrency,
    OwnSideRule,
    Retention,
    System,
)
from clmkit.mapping.model.presentation import Presentation
from clmkit.mapping.model.process import ApprovalMatrix, RenewalRule, Request
from clmkit.mapping.model.values import Lifecycle, ValueMap
from clmkit.mapping.model.words import AudienceKind, ObjectKind


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping spec. `objects` stand in write order: parents first."""

    name: str
    version: str
    summary: str
    api_version: str
    prefix: str
    currency: OrgCurrency
    stewards: tuple[tuple[str, str], ...]  # name -> role title
    audiences: tuple[Audience, ...]
    latency: tuple[Latency, ...]
    value_maps: tuple[ValueMap, ...]
    lifecycle: Lifecycle | None
    objects: tuple[ObjectMapping, ...]
    org: str = ""  # the overlay's org; "" for the base spec
    environment: str = ""  # the overlay's environment; "" for the base spec
    clm: System | None = None
    salesforce: Org | None = None
    environments: tuple[Environment, ...] = ()
    retention: tuple[Retention, ...] = ()
    us: OwnSideRule | None = None
    requests: tuple[Request, ...] = ()
    approvals: ApprovalMatrix | None = None
    renewal: RenewalRule | None = None
    presentation: Presentation | None = None  # None only in a spec that was built by hand
    zone: str = "UTC"  # IANA name of the org's default time zone

    def get_object(self, name: str) -> ObjectMapping:
        return next(mapping for mapping in self.objects if mapping.name == name)

    def find_object_of(self, salesforce: str) -> ObjectMapping | None:
        return next((mapping for mapping in self.objects if mapping.salesforce == salesforce), None)

    def get_value_map(self, name: str) -> ValueMap:
        return next(value_map for value_map in self.value_maps if value_map.name == name)

    @property
    def header(self) -> ObjectMapping | None:
        """The object whose rows are the agreements themselves."""
        return next((mapping for mapping in self.objects if mapping.kind is ObjectKind.HEADER), None)

    @property
    def integration(self) -> Audience:
        return next(audience for audience in self.audiences if audience.kind is AudienceKind.INTEGRATION_USER)
