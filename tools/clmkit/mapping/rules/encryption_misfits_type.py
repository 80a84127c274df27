"""Shield encrypts text, addresses of the web, dates and instants.

Source: Salesforce Help, Which Standard Fields and Data Elements Can I Encrypt: custom fields of the types email, phone, text,
text area, long and rich text area, URL, date and date/time. Numbers, picklists, checkboxes, references and formulas stay plain.

Bad:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects: {contract: {fields: {amount: {encryption: probabilistic}}}}
Good:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects: {contract: {fields: {title: {encryption: probabilistic}}}}
Says:
    contract.amount is a currency field, which Shield does not encrypt
    help: remove encryption; narrow the audience instead
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Encryption, FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP243"
SEVERITY = Severity.ERROR

CAN = (
    FieldKind.TEXT,
    FieldKind.TEXT_AREA,
    FieldKind.LONG_TEXT,
    FieldKind.HTML,
    FieldKind.URL,
    FieldKind.EMAIL,
    FieldKind.PHONE,
    FieldKind.DATE,
    FieldKind.DATETIME,
)


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.encryption is not Encryption.NONE and value.field.type.kind not in CAN:
            message = f"{value.title} is a {value.field.type.kind.value} field, which Shield does not encrypt"
            help_text = "remove encryption; narrow the audience instead"
            yield Offence((*value.path, "encryption"), message, help_text, of_key=True)
