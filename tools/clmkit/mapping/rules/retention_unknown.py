"""A retention is one of the spec, and its clock starts in a state.

Bad:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: laws}
Good:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: law}
Says:
    laws is not a retention of the spec
    help: did you mean law?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP907"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = list(subject.document.retention)
    for name, path in _named(subject):
        if name not in known:
            yield Offence(
                path, f"{name} is not a retention of the spec", suggest(name, known) if known else "add retention"
            )
    for rule in subject.spec.retention:
        for state in rule.states:
            if state not in subject.state_names:
                message = f"the clock of {rule.name} starts in {state}, which is not a state"
                fix = suggest(state, list(subject.state_names))
                yield Offence(("retention", rule.name, "after"), message, fix, of_key=True)


def _named(subject: Subject) -> Iterator[tuple[str, Path]]:
    if subject.document.defaults.retention is not UNSET:
        yield subject.document.defaults.retention, ("defaults", "retention")
    for _, block, path in subject.objects:
        if block.retention is not UNSET:
            yield block.retention, (*path, "retention")
    for value in subject.values:
        if value.block.retention is not UNSET:
            yield value.block.retention, (*value.path, "retention")
