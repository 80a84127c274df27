"""The list of what a mapping makes, in the org itself: by it a later release knows what carries no banner, such as layouts.

A static resource, and so it comes with whatever deploys the project: clmkit, CumulusCI, the sf CLI. Its name holds the digest of
its content: a deploy that deletes nothing adds a list and leaves the one before, so that an org holds every list since a release of
clmkit took out what left. Source: "StaticResource" (Metadata API Developer Guide).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from clmkit.codegen.mdapi import Component
from clmkit.codegen.plan import MetadataXml, PlainText, PlannedFile, generated
from clmkit.mapping.model import Spec

STATIC_RESOURCE = "StaticResource"
DIGEST = re.compile("_[0-9a-f]{8}")
DESCRIPTION = "What the mapping spec {} makes in this org. A later release reads it; delete none of them by hand."
UNLISTED = frozenset(("CustomField", "CustomMetadata", "RecordType"))
"""No release takes out what holds values; the records of the field map are known by their type."""


def record_stem(spec_name: str) -> str:
    """What the lists of a mapping are named before the digest: static resources have no two underscores in a row."""
    return "clmkit_Made_" + re.sub("_+", "_", spec_name).strip("_")


def plan_made(spec: Spec, components: Iterable[Component]) -> tuple[PlannedFile, ...]:
    """The list of the components, and its metadata."""
    members: dict[str, list[str]] = {}
    for component in components:
        if component.metadata_type not in UNLISTED:
            members.setdefault(component.metadata_type, []).append(component.full_name)
    text = json.dumps({"spec": spec.name, "made": members}, indent=1) + "\n"
    path = f"staticresources/{record_stem(spec.name)}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    body = {
        "cacheControl": "Private",
        "contentType": "application/json",
        "description": DESCRIPTION.format(spec.name),
    }
    return (
        generated(f"{path}.json", PlainText(text)),
        generated(f"{path}.resource-meta.xml", MetadataXml(STATIC_RESOURCE, body)),
    )
