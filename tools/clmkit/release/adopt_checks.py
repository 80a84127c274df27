"""Write drift of record types and validation rules into the mapping. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.checks import wrap_formula
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.release.adopt_words import TEXTS, Words, write_text
from clmkit.release.components import ComponentChange, ElementChange, Key
from clmkit.release.spec_edit import AdoptError, Edit

CHECK_WORDS: Words = {"errorMessage": ("message",), "description": ("description",)}


def adopt_record_type(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for a record type: its label, its description, whether it is retired."""
    for mapping in _objects_of(spec, change.key):
        for one in mapping.record_types:
            if one.developer_name == _own_name(change.key):
                place = ("objects", mapping.name, "record_types", "types", one.name)
                for element in change.elements:
                    yield _write_type(spec, change.key, place, element)
                return
    raise AdoptError(f"{change.key}: is no record type of the mapping; revert it, or accept it until a day")


def adopt_check(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for a validation rule of the mapping; those that the generator adds by itself are its own."""
    for mapping in _objects_of(spec, change.key):
        for one in mapping.checks:
            if one.developer_name == _own_name(change.key):
                place = ("objects", mapping.name, "checks", one.name)
                for element in change.elements:
                    yield _write_check(spec, mapping, change.key, place, element)
                return
    raise AdoptError(
        f"{change.key}: is made by the generator for every mapping and cannot be changed there; revert it, or accept it until a day"
    )


def _write_check(spec: Spec, mapping: ObjectMapping, key: Key, place: tuple[str, ...], element: ElementChange) -> Edit:
    if element.path == "errorConditionFormula":
        before, behind = wrap_formula(spec, "\0").split("\0")
        if not (element.after.startswith(before) and element.after.endswith(behind)):
            raise AdoptError(
                f"{key}: the formula no longer lets the integration user through ({before}...{behind}); revert it, or write it "
                "below `wrong_when` by hand"
            )
        return Edit((*place, "wrong_when"), element.after[len(before) : len(element.after) - len(behind)])
    if element.path == "errorDisplayField" and element.after:
        field = next((one for one in mapping.columns if one.salesforce == element.after), None)
        if field is not None:
            return Edit((*place, "at"), field.name)
    return write_text(spec, key, place, CHECK_WORDS, element)


def _write_type(spec: Spec, key: Key, place: tuple[str, ...], element: ElementChange) -> Edit:
    if element.path == "active":
        return Edit((*place, "active"), element.after == "true")
    return write_text(spec, key, place, TEXTS, element)


def _objects_of(spec: Spec, key: Key) -> Iterator[ObjectMapping]:
    sobject = key.full_name.partition(".")[0]
    return (mapping for mapping in spec.objects if mapping.salesforce == sobject)


def _own_name(key: Key) -> str:
    return key.full_name.partition(".")[2]
