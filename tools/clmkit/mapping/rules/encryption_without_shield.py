"""Encryption at rest needs an org that has Shield.

Without it a deploy of `encryptionScheme` is refused. ASSUMED: the text of the refusal is not documented.

Bad:
    objects: {contract: {fields: {title: {encryption: probabilistic}}}}
Good:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects: {contract: {fields: {title: {encryption: probabilistic}}}}
Says:
    contract.title is encrypted, but the spec does not say that the org has Shield
    help: add systems: {salesforce: {features: [shield]}}, or remove encryption
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Encryption, Feature
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP242"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    org = subject.spec.salesforce
    if org is not None and Feature.SHIELD in org.features:
        return
    for value in subject.values:
        if value.field.encryption is not Encryption.NONE:
            message = f"{value.title} is encrypted, but the spec does not say that the org has Shield"
            help_text = "add systems: {salesforce: {features: [shield]}}, or remove encryption"
            yield Offence((*value.path, "encryption"), message, help_text, of_key=True)
