"""What people change in Setup, as edits of a component's XML: read, changed, written, read again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tests.clmkit.release.test_adopt import WHOLE

from clmkit.codegen.mdapi import OBJECT_PARTS, Component, Package, convert_source, make_package
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import parse_component, render_component
from clmkit.release.components import ComponentChange, Elements, Key, read_components

Body = dict[str, Any]
Change = Callable[[Body], None]
PARTS = {"CompactLayout": "compactLayouts", "CustomField": "fields", "ListView": "listViews"}


@cache
def files(name: str) -> dict[str, bytes]:
    """The package that a mapping makes."""
    _, spec, _ = WHOLE[name]()
    return dict(convert_source(plan_project(spec).render(), spec.api_version).files)


PATHS = {
    "CustomApplication": "applications/{}.app",
    "CustomTab": "tabs/{}.tab",
    "FlexiPage": "flexipages/{}.flexipage",
    "Layout": "layouts/{}.layout",
    "Report": "reports/{}.report",
}


def path_of(key: Key) -> str:
    """The file of a package in which a component stands."""
    sobject = key.full_name.partition(".")[0]
    return PATHS.get(key.metadata_type, "objects/{}.object").format(
        key.full_name if key.metadata_type in PATHS else sobject
    )


def edited(name: str, key: Key, change: Change) -> bytes:
    """The file with one component changed."""
    root, body = parse_component(files(name)[path_of(key)])
    part = PARTS.get(key.metadata_type)
    change(_find_part(body[part], key.full_name.partition(".")[2]) if part else dict_of(body))
    return render_component(root, body).encode()


def _find_part(parts: Any, name: str) -> Body:
    return next(one for one in (parts if isinstance(parts, list) else [parts]) if one["fullName"] == name)


def dict_of(body: Any) -> Body:
    assert isinstance(body, dict)
    return body


def component_change(name: str, key: Key, change: Change) -> ComponentChange:
    """What `drift` finds after the edit."""
    before: Elements = WHOLE[name]()[2][key]
    return ComponentChange(key, before, read_components({path_of(key): edited(name, key, change)})[key])


def sets(**elements: object) -> Change:
    return lambda body: body.update(elements)


def adds(element: str, *values: object) -> Change:
    return lambda body: body.update({element: [*_listed(body.get(element, [])), *values]})


def inserts(element: str, at: int, value: object) -> Change:
    return lambda body: _listed(body[element]).insert(at, value)


def drops(element: str, at: int) -> Change:
    return lambda body: body.update({element: [one for place, one in enumerate(body[element]) if place != at]})


def turns_round(element: str) -> Change:
    return lambda body: _listed(body[element]).reverse()


def within(element: str, at: int, change: Change) -> Change:
    return lambda body: change(_listed(body[element])[at])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def package(name: str, edits: dict[Key, Change], api_version: str) -> Package:
    """What a person's clicks come to: the changed components alone, as Setup writes them."""
    contents: dict[str, bytes] = {}
    objects: dict[str, Body] = {}
    for key, change in edits.items():
        path, part = path_of(key), PARTS.get(key.metadata_type)
        body = dict_of(parse_component(edited(name, key, change))[1])
        if key.metadata_type in PATHS:
            contents[path] = edited(name, key, change)
        elif part is None:
            own = {element: value for element, value in body.items() if element not in IN_OBJECTS}
            objects.setdefault(path, {}).update(own)
        else:
            found = _find_part(body[part], key.full_name.partition(".")[2])
            objects.setdefault(path, {}).setdefault(part, []).append(found)
    contents |= {path: render_component("CustomObject", body).encode() for path, body in objects.items()}
    return make_package(contents, [Component(key.metadata_type, key.full_name) for key in edits], api_version)


IN_OBJECTS = frozenset(element for element, _ in OBJECT_PARTS.values())
