"""The whole spec: sections, objects in write order, closed lists."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, structs

from clmkit.mapping.document import SpecDocument, ValueMapBlock
from clmkit.mapping.model import MapValue, ObjectMapping, Park, Spec, ValueMap
from clmkit.mapping.resolve.governance import (
    org_zone,
    resolve_audiences,
    resolve_clm,
    resolve_currency,
    resolve_environments,
    resolve_latency,
    resolve_org,
    resolve_own_side,
    resolve_retention,
)
from clmkit.mapping.resolve.objects import ObjectResolver
from clmkit.mapping.resolve.presentation import resolve_presentation
from clmkit.mapping.resolve.process import resolve_approvals, resolve_lifecycle, resolve_renewal, resolve_request
from clmkit.mapping.resolve.wording import camel, either


def resolve(document: SpecDocument, org: str = "", environment: str = "") -> Spec:
    """The resolved spec. `org` and `environment` come from an overlay; they are empty for the base spec."""
    header = next((block for block in document.objects.values() if block.clm == "agreements"), None)
    lifecycle = resolve_lifecycle(document.lifecycle, header) if document.lifecycle is not UNSET else None
    objects = _in_write_order(
        [ObjectResolver(document, name, block, lifecycle).resolve() for name, block in document.objects.items()]
    )
    return Spec(
        name=document.name,
        version=document.version,
        summary=document.summary,
        api_version=document.api_version,
        prefix=document.prefix,
        currency=resolve_currency(document),
        stewards=tuple(document.stewards.items()),
        audiences=tuple(resolve_audiences(document)),
        latency=tuple(resolve_latency(name, block) for name, block in document.latency.items()),
        value_maps=tuple(
            _resolve_value_map(document.prefix, name, block) for name, block in document.value_maps.items()
        ),
        lifecycle=lifecycle,
        objects=objects,
        org=org,
        environment=environment,
        clm=resolve_clm(document),
        salesforce=resolve_org(document),
        environments=tuple(resolve_environments(document)),
        retention=tuple(resolve_retention(name, block) for name, block in document.retention.items()),
        us=None if document.us is UNSET else resolve_own_side(document.us),
        requests=tuple(resolve_request(name, block) for name, block in document.requests.items()),
        approvals=None if document.approvals is UNSET else resolve_approvals(document.approvals),
        renewal=None if document.renewal is UNSET else resolve_renewal(document.renewal),
        presentation=resolve_presentation(document, objects, lifecycle),
        zone=org_zone(document),
    )


def _resolve_value_map(prefix: str, name: str, block: ValueMapBlock) -> ValueMap:
    values = []
    for clm, value in block.values.items():
        if isinstance(value, str):
            values.append(MapValue(clm=clm, salesforce=value, label=value, active=True))
        else:
            label = value.value if value.label is UNSET else value.label
            values.append(MapValue(clm=clm, salesforce=value.value, label=label, active=value.active))
    return ValueMap(
        name=name,
        label=name.replace("_", " ").capitalize() if block.label is UNSET else block.label,
        global_set=f"{prefix}_{camel(name)}" if block.shared else "",
        restricted=block.restricted,
        unknown=Park.ROW if block.unknown == "park_row" else Park.VALUE,
        values=tuple(values),
        other=either(block.other, "") if block.unknown == "other" else "",
    )


def _in_write_order(objects: list[ObjectMapping]) -> tuple[ObjectMapping, ...]:
    """Parents first, else the order of the file. Within a circle, which a rule reports, the order of the file."""
    names = {mapping.salesforce: mapping.name for mapping in reversed(objects)}
    linked = [structs.replace(mapping, depends_on=_dependencies(mapping, names)) for mapping in objects]
    ordered: list[ObjectMapping] = []
    written: set[str] = set()
    while len(ordered) < len(linked):
        waiting = [mapping for mapping in linked if mapping.name not in written]
        ready = next((mapping for mapping in waiting if written.issuperset(mapping.depends_on)), waiting[0])
        ordered.append(ready)
        written.add(ready.name)
    return tuple(ordered)


def _dependencies(mapping: ObjectMapping, names: Mapping[str, str]) -> tuple[str, ...]:
    referenced = [
        field.reference.object for field in mapping.fields if field.reference and (field.to_salesforce or field.seed)
    ]
    found = [names[name] for name in referenced if name in names]
    return tuple(name for name in dict.fromkeys(found) if name != mapping.name)
