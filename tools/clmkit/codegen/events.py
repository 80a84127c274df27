"""Change data capture: a channel of the kit's own with the changes that the CLM must hear of, and nothing else.

A member carries the key, the revision and the record's parents with every event (enrichment: an event has only the changed fields),
and lets no record through that the CLM does not know (filter). Enrichment and filter work on a custom channel alone; the standard
one, `ChangeEvents`, is left to the org. The change events that the triggers publish (`runtime`) are for orgs that have no captured
entity to spare: five are free. Sources: Metadata API Developer Guide, "PlatformEventChannel", "PlatformEventChannelMember"; Change
Data Capture Developer Guide, "Enrich Change Events with Extra Fields", "Filter Your Stream of Change Events with Channels".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.names import change_channel
from clmkit.codegen.plan import MetadataXml, PlanError, PlannedFile, generated
from clmkit.codegen.rules import publishes_changes
from clmkit.codegen.xml import Body
from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec

# Entities that an org may capture without an add-on licence. Source: Change Data Capture Developer Guide, "Allocations".
FREE_ENTITIES = 5
MOST_ENRICHED = 10


def plan_events(spec: Spec) -> Iterator[PlannedFile]:
    """The channel and one member per object with a field that flows back; nothing when no field does."""
    captured = [mapping for mapping in spec.objects if publishes_changes(mapping)]
    if not captured:
        return
    if len(captured) > FREE_ENTITIES:
        names = ", ".join(mapping.name for mapping in captured)
        raise PlanError(
            f"{len(captured)} objects have fields that flow back to the CLM ({names}), an org captures changes of {FREE_ENTITIES} "
            f"without an add-on licence; give the fields of {len(captured) - FREE_ENTITIES} of them to the CLM"
        )
    channel = change_channel(spec)
    body: Body = {"channelType": "data", "label": f"{spec.prefix} Changes"}
    yield generated(
        f"platformEventChannels/{channel}.platformEventChannel-meta.xml", MetadataXml("PlatformEventChannel", body)
    )
    for mapping in captured:
        entity = change_event(mapping)
        name = f"{channel}_{entity}".replace("__", "_")
        yield generated(
            f"platformEventChannelMembers/{name}.platformEventChannelMember-meta.xml",
            MetadataXml("PlatformEventChannelMember", _member(channel, entity, mapping)),
        )


def change_event(mapping: ObjectMapping) -> str:
    """The change event of an object: `ContractChangeEvent`, `CLM_Party__ChangeEvent`."""
    name = mapping.salesforce
    return f"{name.removesuffix('c')}ChangeEvent" if mapping.custom else f"{name}ChangeEvent"


def _member(channel: str, entity: str, mapping: ObjectMapping) -> Body:
    return {
        "enrichedFields": [{"name": field.salesforce} for field in enriched_fields(mapping)],
        "eventChannel": channel,
        "filterExpression": f"({mapping.key.salesforce} != null)",
        "selectedEntity": entity,
    }


def enriched_fields(mapping: ObjectMapping) -> list[FieldMapping]:
    """What every event of the object carries beside the changed fields: key, revision, parents, status."""
    status = [field for field in mapping.columns if field.lifecycle]
    found = [mapping.key, *([mapping.version] if mapping.version else []), *mapping.parents, *status]
    return found[:MOST_ENRICHED]
