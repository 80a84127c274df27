"""A Robot Framework resource: keywords in the words of the spec, on top of the library `clmkit.robotlib.Lifecycle`.

Per mapped object the keywords look records up by the CLM's key and compare their fields; per state of the lifecycle they move an
agreement and say where its record must stand. Suites of your own import the resource. Source: Robot Framework User Guide, "Resource
files".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.names import banner
from clmkit.codegen.plan import PlainText, PlannedFile, support
from clmkit.codegen.rules import is_guarded
from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec, State

GAP = "    "


def plan_robot(spec: Spec) -> Iterator[PlannedFile]:
    """The resource of the spec; none when the CLM writes no object."""
    guarded = [mapping for mapping in spec.objects if is_guarded(mapping)]
    if guarded:
        yield support(f"robot/{spec.name}.resource", PlainText(render_resource(spec, guarded)))


def render_resource(spec: Spec, guarded: list[ObjectMapping]) -> str:
    lines = [
        "*** Settings ***",
        f"Documentation{GAP} {banner(spec)}",
        f"Library{GAP}{GAP}   clmkit.robotlib.Lifecycle",
        "",
        "*** Keywords ***",
    ]
    for mapping in guarded:
        lines += [*_object_keywords(mapping), *_state_keywords(spec, mapping)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _object_keywords(mapping: ObjectMapping) -> Iterator[str]:
    title, place = words(mapping.name), f"{mapping.salesforce}{GAP}{mapping.key.salesforce}{GAP}${{key}}"
    yield from _keyword(
        f"{title} Should Hold",
        ("${key}", "&{fields}"),
        f"Compare fields of the {mapping.label.lower()} with that key in the CLM: Field=value.",
        f"Record Should Hold{GAP}{place}{GAP}&{{fields}}",
    )
    yield from _keyword(
        f"{title} Should Not Exist",
        ("${key}",),
        f"Salesforce has no {mapping.label.lower()} with that key.",
        f"Record Should Not Exist{GAP}{place}",
    )
    for parent in mapping.parents:
        if parent.reference is not None and parent.type.reference_to != mapping.salesforce:
            way = f"{parent.reference.relationship}.{parent.reference.field}"
            yield from _rows_of(mapping, words(parent.name), title, way)


def _rows_of(mapping: ObjectMapping, parent: str, title: str, way: str) -> Iterator[str]:
    yield from _keyword(
        f"{parent} Should Have {title} Rows",
        ("${key}", "${count}"),
        f"As many {mapping.plural_label.lower()} hang below the record with that key.",
        f"Record Count Should Be{GAP}{mapping.salesforce}{GAP}{way}{GAP}${{key}}{GAP}${{count}}",
    )


def _state_keywords(spec: Spec, mapping: ObjectMapping) -> Iterator[str]:
    status = next((field for field in mapping.columns if field.lifecycle), None)
    if status is None or spec.lifecycle is None:
        return
    title = words(mapping.name)
    for state in spec.lifecycle.states:
        yield from _keyword(
            f"Move {title} To {words(state.name)}",
            ("${key}",),
            f"In the CLM the agreement moves to {state.clm}.",
            f"Move Agreement{GAP}${{key}}{GAP}{state.clm}",
        )
        yield from _keyword(
            f"{title} Should Stand At {words(state.name)}",
            ("${key}",),
            f"Its record has the status {state.status}.",
            f"{title} Should Hold{GAP}${{key}}{GAP}{_standing(mapping, status, state)}",
        )


def _standing(mapping: ObjectMapping, status: FieldMapping, state: State) -> str:
    """The status; of a contract its category as well."""
    category = f"{GAP}StatusCode={state.category}" if mapping.salesforce == "Contract" else ""
    return f"{status.salesforce}={state.status}{category}"


def _keyword(name: str, arguments: tuple[str, ...], told: str, body: str) -> Iterator[str]:
    yield name
    yield f"{GAP}[Documentation]{GAP}{told}"
    yield f"{GAP}[Arguments]{GAP}{GAP}{GAP.join(arguments)}"
    yield f"{GAP}{body}"
    yield ""


def words(name: str) -> str:
    """`line_item` as it stands in a keyword: `Line Item`."""
    return " ".join(part.capitalize() for part in name.split("_"))
