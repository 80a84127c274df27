"""What is shown is a field of the object, and the object is one of the spec.

What the spec does not map has Salesforce's own name, which has a capital letter, `:`, `-` or `__c`: `LastModifiedDate`.
The org says: `Invalid field:... in related list:...` or `Could not resolve list view column`.

Bad:
    presentation: {objects: {contract: {panel: [title, begin]}}}
Good:
    presentation: {objects: {contract: {panel: [title, start]}}}
Says:
    begin is not a field of contract in Salesforce
    help: known here: key, version, account, title, status, start, kind, amount
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.document import DisplayBlock, PanelBlock, PlacedBlock
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import is_foreign
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject, listed_names

CODE = "MAP728"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    objects = {mapping.name: mapping for mapping, _, _ in subject.objects}
    for path, name, fields in _shown(subject):
        if name not in objects:
            yield Offence(path, f"{name} is not an object of the spec", suggest(name, list(objects)), of_key=True)
            continue
        known = {field.name: field.salesforce for field in objects[name].columns}
        own = {salesforce: field for field, salesforce in known.items()}
        for field in fields:
            if field in own:
                yield Offence(path, f"{field} is mapped by the spec", f"write {own[field]}", of_key=True)
            elif field not in known and not is_foreign(field):
                message = f"{field} is not a field of {name} in Salesforce"
                yield Offence(path, message, suggest(field, list(known)), of_key=True)


def _shown(subject: Subject) -> Iterator[tuple[Path, str, list[str]]]:
    """The path, the object and the fields of everything that is shown."""
    block = subject.document.presentation
    for name, display in block.objects.items():
        yield from _on_pages(("presentation", "objects", name), name, display)
    for name, report in block.reports.items():
        singles = [field for field in (report.group_by, report.total, report.sort_by) if field is not UNSET]
        named = [*listed_names(report.columns), *singles, *report.then_by, *(one.field for one in report.filters)]
        yield ("presentation", "reports", name), report.object, named
    for other in listed_names(block.app.objects) if block.app is not UNSET else ():
        if not is_foreign(other):
            yield ("presentation", "app", "objects"), other, []


def _on_pages(path: Path, name: str, display: DisplayBlock) -> Iterator[tuple[Path, str, list[str]]]:
    yield path, name, []
    if isinstance(display.panel, PanelBlock):
        yield (*path, "panel"), name, _placed(display.panel)
    else:
        yield (*path, "panel"), name, display.panel
    yield (*path, "compact"), name, listed_names(display.compact)
    yield (*path, "hidden"), name, display.hidden
    for label, section in display.sections.items():
        yield (*path, "sections", label, "fields"), name, _placed(section)
    for view, listed in display.list_views.items():
        named = [*listed_names(listed.columns), *(one.field for one in listed.filters)]
        yield (*path, "list_views", view, "columns"), name, named
    for other in display.related:
        if not is_foreign(other):
            yield (*path, "related"), other, []
    for other, rows in display.related_lists.items():
        if not is_foreign(other):
            sort = [] if rows.sort_by is UNSET else [rows.sort_by]
            yield (*path, "related_lists", other), other, [*rows.columns, *sort]


def _placed(block: PlacedBlock) -> list[str]:
    right = [] if block.right is UNSET else block.right
    return [*block.fields, *right, *block.required, *block.read_only, *block.editable]
