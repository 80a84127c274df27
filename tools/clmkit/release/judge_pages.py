"""What an edit of a page, list view, report or app in an org means to those who use it: one change per component. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from clmkit.release.changes import Change
from clmkit.release.components import ORDER, ComponentChange, ElementChange

PAGES = frozenset(("CompactLayout", "CustomApplication", "CustomTab", "FlexiPage", "Layout", "ListView", "Report"))
"""Metadata types of what people see."""

COUNTED = {
    "ListView": ("list_filtered", re.compile(r"filters|booleanFilter|filterScope|sharedTo")),
    "Report": ("report_counts_otherwise", re.compile(r"filter[.]|groupings|scope|.*aggregateTypes|timeFrameFilter")),
}
"""Metadata type -> kind of a change of its records, and the elements that choose them."""
WORDS = frozenset(("description", "label", "masterLabel", "name"))
RANKED = ("list_filtered", "report_counts_otherwise", "tab_dropped", "page_narrowed", "page_widened", "page_arranged")
"""From what takes most away: a component that changes in several ways is told by the first."""
LONGEST = 240


def judge_page(change: ComponentChange) -> Change:
    """How the component changes from before to after, with everything that differs in its words."""
    kinds = {kind for element in change.elements for kind in _kinds(change, element)}
    kind = next((one for one in RANKED if one in kinds), "wording_changed")
    words = "; ".join(_tell(change.elements))
    text = words if len(words) <= LONGEST else f"{words[: LONGEST - 3]}..."
    return Change(kind, str(change.key), change.key.full_name, "", text)


def _kinds(change: ComponentChange, element: ElementChange) -> Iterator[str]:
    metadata_type = change.key.metadata_type
    counted, chooses = COUNTED.get(metadata_type, ("", None))
    if chooses is not None and chooses.match(element.path):
        yield counted
    elif element.path.endswith(ORDER):
        name = element.path.rpartition(".")[2]
        everywhere = [_listed(elements, name) for elements in (change.before or {}, change.after or {})]
        if _split(element.before) - everywhere[1]:
            yield "tab_dropped" if metadata_type == "CustomApplication" else "page_narrowed"
        yield "page_widened" if _split(element.after) - everywhere[0] else "page_arranged"
    elif element.path not in WORDS and _is_told(element):
        yield "page_arranged"


def _listed(elements: Mapping[str, str], name: str) -> set[str]:
    """Everything that stands in an order of this name in the component: what only moved is not lost."""
    orders = (text for path, text in elements.items() if path.rpartition(".")[2] == name)
    return {one for text in orders for one in _split(text)}


def _is_told(element: ElementChange) -> bool:
    """Whether it is not just a part of what came or went as a whole."""
    return bool(element.before and element.after) or "[" not in element.path or element.path.endswith("]")


def _split(text: str) -> set[str]:
    return set(text.split("\n")) - {""}


def _tell(elements: Sequence[ElementChange]) -> Iterator[str]:
    """Orders first; an element of what came or went as a whole is told with it."""
    orders = [element for element in elements if element.path.endswith(ORDER)]
    for element in orders:
        yield f"{_place(element.path)}: {_tell_order(element)}"
    for element in elements:
        if element not in orders and _is_told(element):
            yield f"{element.path}: {_short(element.before)} -> {_short(element.after)}"


def _tell_order(element: ElementChange) -> str:
    old, new = ([one for one in text.split("\n") if one] for text in (element.before, element.after))
    came, went = [one for one in new if one not in old], [one for one in old if one not in new]
    told = [*(f"+ {one}" for one in came), *(f"- {one}" for one in went)]
    if [one for one in old if one in new] != [one for one in new if one in old]:
        told.append(f"order {', '.join(new)}")
    return " ".join(told)


def _place(path: str) -> str:
    return path.removesuffix(ORDER)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= 60 else f"{line[:57]}...") or "none"
