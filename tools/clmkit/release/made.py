"""What the releases of a mapping made, kept in the org: by it labels, layouts and list views are known, which carry no banner.

A static resource named after the mapping goes with the deploy of each apply. A deploy by another tool leaves it as it was, which is
still right: it lists what the mapping once made. Source: "StaticResource" (Metadata API Developer Guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

from clmkit.clients.errors import Unexpected
from clmkit.codegen.destructive import components_of
from clmkit.codegen.mdapi import Component, Package, make_package
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import render_component
from clmkit.mapping.model import Spec
from clmkit.release.components import Key
from clmkit.release.org_access import OrgClients
from clmkit.release.withdrawals import is_taken_out

RESOURCE = "StaticResource"
DESCRIPTION = (
    "What clmkit made in this org from the mapping {}. A later release reads it; without it, give `--against`."
)


def list_made(spec: Spec) -> frozenset[Key]:
    """What a mapping makes, of the types that a release takes out. Raises PlanError."""
    keys = (Key(one.metadata_type, one.full_name) for one in components_of(plan_project(spec)))
    return frozenset(key for key in keys if is_taken_out(key))


def record_name(spec_name: str) -> str:
    """Static resources have no two underscores in a row, and none at the end."""
    return "clmkit_Made_" + re.sub("_+", "_", spec_name).strip("_")


def add_record(package: Package, spec: Spec, made: Collection[Key], api_version: str) -> Package:
    """The package with the record in it."""
    members: dict[str, list[str]] = {}
    for key in sorted(made):
        members.setdefault(key.metadata_type, []).append(key.full_name)
    document = {"spec": spec.name, "version": spec.version, "made": members}
    name = record_name(spec.name)
    body = {
        "cacheControl": "Private",
        "contentType": "application/json",
        "description": DESCRIPTION.format(spec.name),
    }
    files = {
        _path(name): json.dumps(document, indent=1).encode(),
        f"{_path(name)}-meta.xml": render_component(RESOURCE, body).encode(),
    }
    return make_package({**package.files, **files}, [*package.components, Component(RESOURCE, name)], api_version)


async def read_made(org: OrgClients, spec_name: str) -> frozenset[Key]:
    """What the org says was made; nothing before the first apply. Raises Unexpected for a record that somebody wrote otherwise."""
    name = record_name(spec_name)
    return parse_record(name, await org.metadata.retrieve({RESOURCE: [name]}))


def parse_record(name: str, files: Mapping[str, bytes]) -> frozenset[Key]:
    content = files.get(_path(name))
    if content is None:
        return frozenset()
    try:
        made = json.loads(content)["made"]
        return frozenset(Key(metadata_type, str(one)) for metadata_type, names in made.items() for one in names)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unexpected(
            f"{RESOURCE} {name}: is not as clmkit wrote it; delete it in Setup and give `--against` the mapping that runs now"
        ) from error


def _path(name: str) -> str:
    return f"staticresources/{name}.resource"
