"""A validation rule stands at a field of its object and says why in 255 characters.

Source: Metadata API Developer Guide, ValidationRule.

Bad:
    objects: {contract: {checks: {dates: {wrong_when: EndDate < StartDate, message: No., at: end}}}}
Good:
    objects: {contract: {checks: {dates: {wrong_when: EndDate < StartDate, message: The end lies before the start., at: start}}}}
Says:
    dates stands at end, which is not a field of contract
    help: known here: title, status, start, kind, amount
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP724"
SEVERITY = Severity.ERROR

MOST_CHARACTERS = 255


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        for name, rule in block.checks.items():
            place = (*path, "checks", name)
            if len(rule.message) > MOST_CHARACTERS:
                message = (
                    f"the message of {name} has {len(rule.message)} characters; Salesforce shows {MOST_CHARACTERS}"
                )
                yield Offence((*place, "message"), message, "shorten it")
            if rule.at is not UNSET and rule.at not in block.fields:
                message = f"{name} stands at {rule.at}, which is not a field of {mapping.name}"
                yield Offence((*place, "at"), message, suggest(rule.at, list(block.fields)))
