"""Audiences, promises, systems, environments, retention and which side is ours."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.document import LatencyBlock, OrgBlock, OwnSideBlock, RetentionBlock, SpecDocument, SystemBlock
from clmkit.mapping.model import (
    Audience,
    Environment,
    Latency,
    LatencyClass,
    Org,
    OrgCurrency,
    OwnSide,
    OwnSideRule,
    Retention,
    System,
)
from clmkit.mapping.resolve.wording import camel, either, to_months

SLOWEST_REALTIME = 10.0
"""Seconds: a promise up to here can only be kept by an event that rings, a longer one by looking every few minutes."""

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def resolve_audiences(document: SpecDocument) -> Iterator[Audience]:
    for name, block in document.audiences.items():
        yield Audience(
            name=name,
            label=block.label,
            kind=block.kind,
            permission_set=f"{document.prefix}_{camel(name)}",
            description=either(block.description, ""),
        )


def resolve_latency(name: str, block: LatencyBlock) -> Latency:
    seconds = to_seconds(block)
    return Latency(
        name=name,
        p99_seconds=seconds,
        at=either(block.at, ""),
        zone=block.zone,
        latency_class=either(block.class_, imply_class(seconds)),
    )


def to_seconds(block: LatencyBlock) -> float | None:
    if block.p99 is UNSET:
        return None
    amount, unit = block.p99.split(" ")
    return float(amount) * _SECONDS[unit]


def imply_class(seconds: float | None) -> LatencyClass:
    if seconds is None:
        return LatencyClass.BATCH
    return LatencyClass.REALTIME if seconds <= SLOWEST_REALTIME else LatencyClass.MINUTES


def resolve_currency(document: SpecDocument) -> OrgCurrency:
    block = document.currency
    if block is UNSET:
        return OrgCurrency(code="", multi=False)
    return OrgCurrency(code=block.org, multi=block.multi, active=tuple(block.active))


def resolve_clm(document: SpecDocument) -> System | None:
    if document.systems is UNSET or document.systems.clm is UNSET:
        return None
    return _resolve_system(document.systems.clm)


def resolve_org(document: SpecDocument) -> Org | None:
    if document.systems is UNSET or document.systems.salesforce is UNSET:
        return None
    block: OrgBlock = document.systems.salesforce
    return Org(system=_resolve_system(block), edition=block.edition, features=tuple(block.features))


def _resolve_system(block: SystemBlock) -> System:
    return System(label=block.label, description=either(block.description, ""), region=either(block.region, ""))


def org_zone(document: SpecDocument) -> str:
    if document.systems is UNSET or document.systems.salesforce is UNSET:
        return "UTC"
    return document.systems.salesforce.zone


def resolve_environments(document: SpecDocument) -> Iterator[Environment]:
    for name, block in document.environments.items():
        yield Environment(name=name, kind=block.kind, data=block.data, description=either(block.description, ""))


def resolve_retention(name: str, block: RetentionBlock) -> Retention:
    return Retention(
        name=name,
        months=to_months(block.keep),
        states=tuple(block.after),
        then=block.then,
        hold=either(block.hold, ""),
        law=either(block.law, ""),
    )


def resolve_own_side(block: OwnSideBlock) -> OwnSideRule:
    return OwnSideRule(
        how=OwnSide.NAMES if block.role is UNSET else OwnSide.ROLE,
        parties=block.parties,
        role=either(block.role, ""),
        names=() if block.names is UNSET else tuple(block.names),
    )
