"""A formula has at most 3,900 characters.

Source: Salesforce Help, Formula Field Limits and Restrictions. Spaces and comments count. The compiled size (15,000 bytes) has
no measure outside the org.

Bad:
    objects:
      contract:
        checks: {long: {wrong_when: "{formula}", message: No.}}
    generate: {formula: 3901}
Good:
    objects:
      contract:
        checks: {long: {wrong_when: "{formula}", message: No.}}
    generate: {formula: 3900}
Says:
    contract.long has 3,901 characters; Salesforce allows 3,900
    help: move a part into a formula field of its own
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.formulas import formulas
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP231"
SEVERITY = Severity.ERROR

MOST_CHARACTERS = 3_900


def check(subject: Subject) -> Iterator[Offence]:
    for path, formula in formulas(subject):
        if len(formula.text) > MOST_CHARACTERS:
            message = f"{formula.title} has {len(formula.text):,} characters; Salesforce allows {MOST_CHARACTERS:,}"
            yield Offence(path, message, "move a part into a formula field of its own", of_key=True)
