"""Read page layouts, record pages and compact layouts as an org holds them, in the words of `presentation`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from clmkit.codegen.layouts import (
    HEADING,
    LAYOUT_WORDS,
    NAME_FIELDS,
    REST,
    layout_name,
    related_children,
    usual_behaviour,
    usual_related,
)
from clmkit.codegen.names import record_page
from clmkit.codegen.pages import PANEL, PANEL_WORDS, WORDS, paged_objects, usual_title, usual_use
from clmkit.mapping.model import EMPTY_PLACE, Display, ObjectMapping, Page, Spec
from clmkit.release.adopt_lists import Block, led
from clmkit.release.components import ComponentChange, Elements, Key, read_order
from clmkit.release.spec_edit import AdoptError, AnyEdit, BlockEdit

FORM = ("required", "read_only", "editable")
EMPTY = re.compile(r"#[0-9]+$")


def adopt_compact_layout(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """The fields of the highlights, and their order."""
    sobject = change.key.full_name.partition(".")[0]
    display, mapping = _find(
        change.key, ((one, mapping) for one, mapping in _displays(spec) if mapping.salesforce == sobject)
    )
    yield _edit(display, [{"compact": _read_compact(mapping, held)} for held in _states(change)])


def adopt_layout(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """Sections, fields and what may be done with them, related lists."""
    custom = ((display, mapping) for display, mapping in _displays(spec) if mapping.custom)
    named = (
        (display, mapping)
        for display, mapping in custom
        if change.key.full_name == f"{mapping.salesforce}-{layout_name(mapping, display)}"
    )
    display, mapping = _find(change.key, named)
    before, after = (_read_sections(mapping, held) for held in _states(change))
    yield BlockEdit(("presentation", "objects", display.object, "sections"), before, after, is_ordered=True)
    yield _edit(display, [_read_hidden(mapping, held) for held in _states(change)])
    yield _edit(display, [_read_related(spec, mapping, display, held) for held in _states(change)])


def adopt_record_page(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """The panel, and what stands where on the page."""
    paged = ((display, mapping) for mapping, display in paged_objects(spec))
    named = ((one, mapping) for one, mapping in paged if record_page(spec, mapping) == change.key.full_name)
    display, mapping = _find(change.key, named)
    yield _edit(display, [{"panel": _read_panel(mapping, held)} for held in _states(change)])
    title = usual_title(spec, mapping)
    before, after = (_read_page(title, held) for held in _states(change))
    yield BlockEdit(("presentation", "objects", display.object, "page"), before, after)


def _find(key: Key, found: Iterator[tuple[Display, ObjectMapping]]) -> tuple[Display, ObjectMapping]:
    one = next(found, None)
    if one is None:
        raise AdoptError(f"{key}: no part of the mapping is named so; revert it, or accept it until a day")
    return one


def _states(change: ComponentChange) -> tuple[Elements, Elements]:
    return change.before or {}, change.after or {}


def _edit(display: Display, states: Sequence[Block]) -> BlockEdit:
    return BlockEdit(("presentation", "objects", display.object), states[0], states[1], frozenset())


def _displays(spec: Spec) -> Iterator[tuple[Display, ObjectMapping]]:
    for display in spec.presentation.displays if spec.presentation else ():
        yield display, spec.get_object(display.object)


def _names(mapping: ObjectMapping) -> dict[str, str]:
    return {field.salesforce: field.name for field in mapping.columns}


def _read_compact(mapping: ObjectMapping, held: Elements) -> object:
    names = _names(mapping)
    lead = NAME_FIELDS.get(mapping.salesforce, "Name")
    return led(read_order(held, "fields"), lead, lambda shown: [names.get(one, one) for one in shown])


def _read_sections(mapping: ObjectMapping, held: Elements) -> Block:
    """The sections in order; without the first and the last where they are as every layout has them."""
    found = {
        label: _read_section(mapping, f"layoutSections[{label}].", held) for label in read_order(held, "layoutSections")
    }
    heading = {"fields": ["Name"] if mapping.sharing == "ControlledByParent" else ["Name", "OwnerId"]}
    if found.get(HEADING) == heading and next(iter(found)) == HEADING:
        del found[HEADING]
    if REST in found and list(found)[-1] == REST and found[REST] == {"fields": _rest(mapping, found, held)}:
        del found[REST]
    return dict(found)


def _rest(mapping: ObjectMapping, found: dict[str, Block], held: Elements) -> list[str]:
    """What the last section would hold by itself."""
    hidden = _read_hidden(mapping, held).get("hidden", [])
    others = {name for label, block in found.items() if label != REST for name in _placed(block)}
    names = [field.name for field in mapping.columns if field.salesforce not in ("Name", "OwnerId")]
    return [name for name in names if name not in others and name not in (hidden if isinstance(hidden, list) else [])]


def _placed(block: Block) -> list[str]:
    return [str(name) for key in ("fields", "right") for name in _as_list(block.get(key))]


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _read_section(mapping: ObjectMapping, path: str, held: Elements) -> Block:
    columns = [f"{path}layoutColumns[#{number}]." for number in (1, 2)]
    items = [read_order(held, f"{column}layoutItems") for column in columns]
    names = _names(mapping)
    left, right = ([EMPTY_PLACE if EMPTY.match(one) else names.get(one, one) for one in column] for column in items)
    style = held.get(f"{path}style", "")
    block: Block = _in_columns(left, right, is_split=style != "OneColumn")
    if style == "OneColumn":
        block["columns"] = 1
    if style == "TwoColumnsTopToBottom":
        block["tab_order"] = "down"
    seen = [held.get(f"{path}{page}Heading") == "true" for page in ("detail", "edit")]
    if not all(seen):
        block["heading"] = "detail" if seen[0] else "edit" if seen[1] else "never"
    for column, api_names in zip(columns, items, strict=True):
        for api_name in api_names:
            said = held.get(f"{column}layoutItems[{api_name}].behavior", "")
            field = next((field for field in mapping.columns if field.salesforce == api_name), None)
            usual = usual_behaviour(mapping, field, api_name)
            _note(block, names.get(api_name, api_name), LAYOUT_WORDS, said, usual)
    return block


def _note(block: Block, name: str, words: Sequence[str], said: str, usual: str) -> None:
    """What may be done with a field, where that is not as usual."""
    if said != usual and said in words:
        word = FORM[words.index(said)]
        block[word] = [*_as_list(block.get(word)), name]


def _in_columns(left: list[str], right: list[str], *, is_split: bool) -> Block:
    """`fields`, and `right` where the columns are not halves of one list."""
    together = [*left, *right]
    half = (len(together) + 1) // 2 if is_split else len(together)
    return {"fields": together} if left == together[:half] else {"fields": left, "right": right}


def _read_hidden(mapping: ObjectMapping, held: Elements) -> Block:
    columns = [
        f"layoutSections[{label}].layoutColumns[#{at}].layoutItems"
        for label in read_order(held, "layoutSections")
        for at in (1, 2)
    ]
    shown = {name for column in columns for name in read_order(held, column)}
    names = [field.name for field in mapping.columns if field.salesforce not in {*shown, "Name", "OwnerId"}]
    return {"hidden": names} if names else {}


def _read_related(spec: Spec, mapping: ObjectMapping, display: Display, held: Elements) -> Block:
    """Which related lists, and the columns of those that have their own."""
    children = {
        f"{spec.get_object(name).salesforce}.{parent.salesforce}": name
        for name, parent in related_children(spec, mapping)
    }
    paths = read_order(held, "relatedLists")
    listed: dict[str, object] = {}
    for path in paths:
        child = spec.get_object(children[path]) if path in children else None
        names = _names(child) if child else {}
        fields = read_order(held, f"relatedLists[{path}].fields")
        block: Block = {}
        if tuple(fields) != (usual_related(spec, child) if child else ()):
            block["columns"] = [names.get(one, one) for one in fields]
        if column := held.get(f"relatedLists[{path}].sortField"):
            block["sort_by"] = names.get(column, column)
            block |= {"descending": True} if held.get(f"relatedLists[{path}].sortOrder") == "Desc" else {}
        if block:
            listed[children.get(path, path)] = block
    related = list(dict.fromkeys(children.get(path, path) for path in paths)) or [EMPTY_PLACE]
    unseen = [name for name in display.related if name not in children.values()]
    return {"related": [*related, *(name for name in unseen if name not in related)]} | (
        {"related_lists": listed} if listed else {}
    )


def _read_panel(mapping: ObjectMapping, held: Elements) -> object:
    names = _names(mapping)
    columns = [f"flexiPageRegions[Facet-clm-{side}].itemInstances" for side in ("left", "right")]
    items = [read_order(held, column) for column in columns]
    left, right = ([names.get(_field(one), _field(one)) for one in column] for column in items)
    block: Block = _in_columns(left, right, is_split=True)
    for column, rows in zip(columns, items, strict=True):
        for row in rows:
            said = held.get(f"{column}[{row}].fieldInstance.fieldInstanceProperties[uiBehavior].value", "")
            field = next((field for field in mapping.columns if field.salesforce == _field(row)), None)
            _note(block, names.get(_field(row), _field(row)), PANEL_WORDS, said, usual_use(field))
    return block["fields"] if list(block) == ["fields"] else block


def _field(item: str) -> str:
    return item.removeprefix("Record.")


def _read_page(title: str, held: Elements) -> Block:
    """Label and regions, where they are not as every page has them."""
    words = {component: word for word, component in WORDS.items()} | {"flexipage:fieldSection": PANEL}
    usual, block = Page(), Block()
    if held.get("masterLabel", title) != title:
        block["label"] = held["masterLabel"]
    for region in ("header", "main", "sidebar"):
        items = [words.get(one, one) for one in read_order(held, f"flexiPageRegions[{region}].itemInstances")]
        if tuple(items) != getattr(usual, region):
            block[region] = items
    return block
