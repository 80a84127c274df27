"""What the presentation says of an object has an effect.

The kit shows no object that belongs to Salesforce, and leaves the page layouts and the tab of a standard object as they are in the
org. A section with a right side has two columns, whatever `columns` says. List views know few standard fields; reports know
neither long texts nor Salesforce's own references.

Bad:
    presentation: {objects: {contract: {panel: [start], sections: {Terms: {fields: [start]}}}}}
Good:
    presentation: {objects: {contract: {panel: [start]}}}
Says:
    Contract is Salesforce's own object, whose page layout is the org's: sections has no effect
    help: remove sections, or show the fields in panel
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET

from clmkit.mapping.document import DisplayBlock
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ObjectMapping, Owner
from clmkit.mapping.showing import find_column, is_reported
from clmkit.mapping.subject import Offence, Path, Subject, listed_names

CODE = "MAP732"
SEVERITY = Severity.WARNING
OF_CUSTOM_OBJECTS = {
    "sections": ("page layout", "remove sections, or show the fields in panel"),
    "layout": ("page layout", "remove layout"),
    "hidden": ("page layout", "remove hidden; the org's layout says which fields it has"),
    "related": ("page layout", "remove related; the org's layout says which lists it has"),
    "related_lists": ("page layout", "remove related_lists; the org's layout says which columns they have"),
    "tab": ("tab", "remove tab"),
}


def check(subject: Subject) -> Iterator[Offence]:
    objects = {mapping.name: mapping for mapping, _, _ in subject.objects}
    shown = subject.document.presentation
    for name, block in shown.objects.items():
        mapping = objects.get(name)
        if mapping is not None:
            yield from _check_display(objects, mapping, block, ("presentation", "objects", name))
    for name, report in shown.reports.items():
        mapping = objects.get(report.object)
        fields = {field.name: field for field in mapping.columns} if mapping else {}
        for column in listed_names(report.columns):
            if column in fields and not is_reported(fields[column]):
                message = f"reports do not know {column} of {report.object}: the column is left out"
                yield Offence(("presentation", "reports", name, "columns"), message, f"remove {column}", of_key=True)


def _hangs_below(child: ObjectMapping, mapping: ObjectMapping) -> bool:
    return child.custom and any(parent.type.reference_to == mapping.salesforce for parent in child.parents)


def _check_display(
    objects: Mapping[str, ObjectMapping], mapping: ObjectMapping, block: DisplayBlock, path: Path
) -> Iterator[Offence]:
    if mapping.owner is Owner.SALESFORCE:
        message = f"{mapping.name} belongs to Salesforce, where the kit shows nothing: what is said here has no effect"
        yield Offence(path, message, "remove it", of_key=True)
        return
    for key, (what, fix) in OF_CUSTOM_OBJECTS.items():
        if not mapping.custom and getattr(block, key):
            message = f"{mapping.salesforce} is Salesforce's own object, whose {what} is the org's: {key} has no effect"
            yield Offence((*path, key), message, fix, of_key=True)
    for child in block.related if mapping.custom else ():
        if child in objects and not _hangs_below(objects[child], mapping):
            message = f"no record of {child} hangs below one of {mapping.name}: there is no such related list"
            yield Offence((*path, "related"), message, f"remove {child}", of_key=True)
    for label, section in block.sections.items() if mapping.custom else ():
        if section.columns == 1 and section.right is not UNSET:
            message = (
                f"{mapping.name}: the section {label} says what is right, so it has two columns: columns has no effect"
            )
            yield Offence((*path, "sections", label, "columns"), message, "remove columns, or right", of_key=True)
    fields = {field.name: field for field in mapping.columns}
    for name, view in block.list_views.items():
        for column in listed_names(view.columns):
            if column in fields and find_column(mapping, fields[column].salesforce) is None:
                message = f"list views do not know {column} of {mapping.name}: the column is left out"
                yield Offence((*path, "list_views", name, "columns"), message, f"remove {column}", of_key=True)
