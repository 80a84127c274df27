"""A unique field that is encrypted uses the deterministic scheme without case.

Probabilistic values are never equal, so nothing would be found or refused as double; and a unique field of the spec compares
without case. Source: Salesforce Help, Considerations for Deterministic Encryption. ASSUMED: that the two choices must agree.

Bad:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects: {contract: {fields: {title: {unique: true, encryption: probabilistic}}}}
Good:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects: {contract: {fields: {title: {unique: true, encryption: case_insensitive}}}}
Says:
    contract.title is unique, but probabilistic encryption does not compare as a unique field does
    help: write encryption: case_insensitive
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Encryption
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP524"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        scheme = value.field.encryption
        if value.field.unique and scheme not in (Encryption.NONE, Encryption.CASE_INSENSITIVE):
            message = f"{value.title} is unique, but {scheme.value} encryption does not compare as a unique field does"
            yield Offence((*value.path, "encryption"), message, "write encryption: case_insensitive")
