"""A custom API name has at most 40 characters before `__c`, no double underscore and none at its end.

The org says: `The name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not
include spaces, not end with an underscore, and not contain two consecutive underscores.`

Bad:
    objects: {contract: {fields: {title: {field: CLM__Title__c}}}}
Good:
    objects: {contract: {fields: {title: {field: CLM_Title__c}}}}
Says:
    the API name CLM__Title__c has two underscores in a row, or one at its end
    help: use at most 40 letters, digits and single underscores
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import is_custom
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP703"
SEVERITY = Severity.ERROR
MOST_CHARACTERS = 40


def check(subject: Subject) -> Iterator[Offence]:
    names: dict[str, Path] = {column.field.salesforce: column.path for column in subject.columns}
    names |= {mapping.salesforce: (*path, "salesforce") for mapping, _, path in subject.objects}
    for name, path in names.items():
        stem = name.removesuffix("__c")
        if is_custom(name) and (len(stem) > MOST_CHARACTERS or "__" in stem or stem.endswith("_")):
            why = (
                f"has {len(stem)} characters before __c"
                if len(stem) > MOST_CHARACTERS
                else "has two underscores in a row, or one at its end"
            )
            yield Offence(
                path, f"the API name {name} {why}", "use at most 40 letters, digits and single underscores", of_key=True
            )
