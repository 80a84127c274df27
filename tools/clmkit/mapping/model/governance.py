"""Who, where and for how long: audiences, promises, systems, environments, retention, and which side is ours."""

from __future__ import annotations

import msgspec

from clmkit.mapping.model.words import (
    AudienceKind,
    DataKind,
    Disposal,
    Edition,
    EnvironmentKind,
    Feature,
    LatencyClass,
    OwnSide,
)


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """A group of readers; becomes a permission set."""

    name: str
    label: str
    kind: AudienceKind
    permission_set: str  # API name
    description: str


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """A promise from CLM event to committed row. Exactly one of p99_seconds and at is set."""

    name: str
    p99_seconds: float | None
    at: str  # "02:00": a batch started at that time
    zone: str  # IANA name, or "org" for the org's default time zone
    latency_class: LatencyClass = LatencyClass.BATCH


class OrgCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """The org's money law: in a single-currency org an amount in another currency is refused, never converted."""

    code: str
    multi: bool
    active: tuple[str, ...] = ()  # multi: the ISO codes that the org has switched on; empty when the spec does not say


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two systems, as far as the spec depends on it."""

    label: str
    description: str
    region: str  # where its data rests; "" when the spec does not say


class Org(msgspec.Struct, frozen=True, kw_only=True):
    """The Salesforce side: what kind of org the spec is for."""

    system: System
    edition: Edition
    features: tuple[Feature, ...]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A stage on the way to production."""

    name: str
    kind: EnvironmentKind
    data: DataKind
    description: str


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long data is kept after an agreement has ended, and what happens then. A legal hold stops the clock."""

    name: str
    months: int  # whole calendar months
    states: tuple[str, ...]  # lifecycle states that start the clock
    then: Disposal
    hold: str  # CLM path of the legal hold's flag; "" for none
    law: str  # why


class OwnSideRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which party of an agreement is us. `clmkit.mapping.sides` applies it."""

    how: OwnSide
    parties: str  # CLM path of the list of parties
    role: str  # ROLE: the value of `role` that is us
    names: tuple[str, ...]  # NAMES: our legal names
