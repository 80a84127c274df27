"""A geolocation is filled by people, not by the sync.

It is two numbers in one field (`X__Latitude__s`, `X__Longitude__s`), and a CLM path gives one value.

Bad:
    objects:
      contract:
        fields: {site: {clm: site, field: CLM_Site__c, type: {geolocation: {}}, description: Where the work is done.}}
Good:
    objects:
      contract:
        fields: {site: {field: CLM_Site__c, type: {geolocation: {}}, description: Where the work is done.}}
Says:
    contract.site is a geolocation; the sync cannot fill it from site
    help: remove clm, or map latitude and longitude to two number fields
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP230"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.type.kind is FieldKind.GEOLOCATION and value.field.clm:
            message = f"{value.title} is a geolocation; the sync cannot fill it from {value.field.clm}"
            yield Offence(
                (*value.path, "clm"), message, "remove clm, or map latitude and longitude to two number fields"
            )
