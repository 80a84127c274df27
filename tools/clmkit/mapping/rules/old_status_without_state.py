"""An old status means a state, and no state has that status itself.

With it the way from a status to a state is total: what the org holds from earlier times is understood, and never written.

Bad:
    lifecycle: {old_statuses: {Signed: signed}}
Good:
    lifecycle: {old_statuses: {Signed: active}}
Says:
    the old status Signed means signed, which is not a state
    help: known here: draft, active, ended
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP415"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    if lifecycle is None:
        return
    for status, state in lifecycle.old_statuses:
        path = ("lifecycle", "old_statuses", status)
        if state not in subject.state_names:
            message = f"the old status {status} means {state}, which is not a state"
            yield Offence(path, message, suggest(state, list(subject.state_names)))
        elif any(status == other.status for other in lifecycle.states):
            message = f"{status} is the status of a state, not an old one"
            yield Offence(path, message, "remove it from old_statuses", of_key=True)
