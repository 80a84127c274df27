"""A move leads from a state of the lifecycle to another.

Bad:
    lifecycle: {moves: {draft: [activ]}}
Good:
    lifecycle: {moves: {draft: [active]}}
Says:
    moves: the lifecycle has no state activ
    help: did you mean active?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP401"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.document.lifecycle is UNSET:
        return
    known = list(subject.state_names)
    for before, targets in subject.document.lifecycle.moves.items():
        if before not in known:
            yield Offence(
                ("lifecycle", "moves", before),
                f"moves: the lifecycle has no state {before}",
                suggest(before, known),
                of_key=True,
            )
        for index, after in enumerate(targets):
            if after not in known:
                yield Offence(
                    ("lifecycle", "moves", before, index),
                    f"moves: the lifecycle has no state {after}",
                    suggest(after, known),
                )
