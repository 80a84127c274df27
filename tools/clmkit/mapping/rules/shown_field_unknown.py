"""What is shown is a field of the object, and the object is one of the spec.

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

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP728"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    objects = {mapping.name: mapping for mapping, _, _ in subject.objects}
    for path, name, fields in _shown(subject):
        if name not in objects:
            yield Offence(path, f"{name} is not an object of the spec", suggest(name, list(objects)), of_key=True)
            continue
        known = [field.name for field in objects[name].columns]
        for field in fields:
            if field not in known:
                message = f"{field} is not a field of {name} in Salesforce"
                yield Offence(path, message, suggest(field, known), of_key=True)


def _shown(subject: Subject) -> Iterator[tuple[Path, str, list[str]]]:
    """The path, the object and the fields of everything that is shown."""
    block = subject.document.presentation
    for name, display in block.objects.items():
        path: Path = ("presentation", "objects", name)
        yield path, name, []
        yield (*path, "panel"), name, display.panel
        yield (*path, "compact"), name, display.compact
        for label, section in display.sections.items():
            yield (*path, "sections", label, "fields"), name, section.fields
        for view, listed in display.list_views.items():
            yield (*path, "list_views", view, "columns"), name, listed.columns
        for other in display.related:
            yield (*path, "related"), other, []
    for name, report in block.reports.items():
        named = [*report.columns, *(field for field in (report.group_by, report.total) if field is not UNSET)]
        yield ("presentation", "reports", name), report.object, named
    for other in block.app.objects if block.app is not UNSET else ():
        yield ("presentation", "app", "objects"), other, []
