"""Components that an org has although nobody deployed them: standard objects, value sets, profiles, settings.

They are made from the schema, the records and the settings when somebody asks, and are what a retrieve-change-deploy tool works on.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.types.objects import object_node
from orgtwin.metadata.types.profiles import PROFILE_NAMES, profile_node
from orgtwin.metadata.types.settings import settings_node
from orgtwin.metadata.types.value_sets import standard_value_set_node
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

_FULL_NAMES = {label: full_name for full_name, label in PROFILE_NAMES.items()}


def find_component(org: Organization, store: ComponentStore, type_name: str, full_name: str) -> Component | None:
    """The component as deployed, or as the org has it by itself; None when there is none."""
    if type_name == "Profile":
        return _profile(org, full_name)
    found = store.find(type_name, full_name)
    if found is not None:
        return found
    node = _standard_node(org, type_name, full_name)
    return Component(type_name, full_name, canonical(node)) if node is not None else None


def _standard_node(org: Organization, type_name: str, full_name: str) -> Node | None:
    if type_name == "CustomObject":
        return object_node(org, full_name)
    if type_name == "StandardValueSet":
        return standard_value_set_node(full_name, (field for sobject in org.schema for field in sobject.fields))
    if type_name == "Settings":
        return settings_node(org.settings, full_name)
    return None


def _profile(org: Organization, full_name: str) -> Component | None:
    """A profile always comes from the records, since they are also changed by the API."""
    found = profile_node(org, full_name)
    return None if found is None else Component("Profile", full_name, canonical(found[1]), id=found[0])


def all_components(org: Organization, store: ComponentStore, type_name: str) -> Iterator[Component]:
    """Every component of a type that a listing shows, standard ones included where listMetadata shows them."""
    if type_name == "Profile":
        table = org.table("Profile")
        read = table.reader("Name")
        names = sorted(_FULL_NAMES.get(str(read(row)), str(read(row))) for row in table.rows())
        yield from (component for name in names if (component := _profile(org, name)) is not None)
        return
    yield from store.of_type(type_name)
    known = {component.full_name for component in store.of_type(type_name)}
    for name in _standard_names(org, type_name):
        component = None if name in known else find_component(org, store, type_name, name)
        if component is not None:
            yield component


def _standard_names(org: Organization, type_name: str) -> list[str]:
    if type_name == "CustomObject":
        return sorted(t.api_name for t in org.schema if not t.custom and not t.setup and t.createable)
    if type_name == "Settings":
        return sorted({key.partition("Settings.")[0] for key in org.settings if "Settings." in key})
    return []
