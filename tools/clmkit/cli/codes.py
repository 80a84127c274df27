"""Every code that the product tells, in one registry: what it means, where it is met, why, and what to do.

Findings of lint (MAP), changes of a release (REL), error codes of both systems as the sync meets them, marks of generated Apex, and
what a row waits for. Each is read from the table that decides it, so that a new code explains itself.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clmkit.clients.outcomes import OUTCOMES, SECOND_MEANINGS, Action, Outcome
from clmkit.mapping.reading import PAGES
from clmkit.mapping.rules import all_rules
from clmkit.release.changes import RULES, Rule


@dataclass(frozen=True, slots=True)
class Code:
    """`page` says more than `title`; `deed` is the severity, the class of a break or what the sync does about it."""

    code: str
    family: str
    deed: str
    title: str
    page: str


LINT = "findings of `clmkit lint`"
RELEASE = "changes that `clmkit compare`, `plan` and `drift` tell"
ERROR = "errors of Salesforce and of the CLM, as the sync meets them"
MARK = "what generated Apex refuses or reports, by the first word of its message"
WAIT = "what waits for a person: `clmkit sync dead-letters`"
FAMILIES = (LINT, RELEASE, ERROR, MARK, WAIT)

DEEDS: Mapping[Action, str] = {
    Action.RETRY: "The same request goes out again, later and more seldom each time; after the last attempt the row waits.",
    Action.REBASE: "Both sides are read again, and the row is decided anew.",
    Action.PARK: "The row waits for a person; all others go on.",
    Action.STOP: "The run ends here; the next one goes on where it ended.",
}
FIXES: Mapping[Action, str] = {
    Action.RETRY: "Nothing, unless it stays: then see what keeps the system busy.",
    Action.REBASE: "Nothing.",
    Action.PARK: "Mend the cause, then `clmkit sync redrive --kind row --apply`.",
    Action.STOP: "Mend the cause; every row would fail the same way until then.",
}
WAITS = {
    "value": (
        "A value could not be mapped; the row went on without it.",
        "The CLM's value does not fit its field, or the value map does not know it.",
        "Correct it in the CLM, or the mapping; then `clmkit sync redrive --kind value --apply`.",
    ),
    "row": (
        "A whole row waits.",
        "A system refused it, its parent is missing, or the mapping parks rows with such a value.",
        "The reason beside it says what to mend; then `clmkit sync redrive --kind row --apply`.",
    ),
    "conflict": (
        "Both sides changed a field, and a steward decides.",
        "The field's `conflict` rule, or an edit whose author is not known.",
        "Make both sides equal, or edit the side that is right once more; the next run settles it.",
    ),
    "gone": (
        "Only Salesforce still has the row.",
        "The CLM no longer has it, and the sync deletes nothing.",
        "Delete the record in Salesforce, or bring the row back in the CLM.",
    ),
    "unread": (
        "An event names no agreement.",
        "The event cannot be read, or it is of a record that no agreement owns.",
        "`clmkit reconcile`, then `clmkit sync redrive --kind unread --apply`.",
    ),
}


@functools.cache
def all_codes() -> Mapping[str, Code]:
    """By the code without its case, family by family."""
    return {found.code.casefold(): found for family in (_lint, _release, _errors, _marks, _waits) for found in family()}


def _lint() -> Iterator[Code]:
    pages = {code: ("error", page) for code, page in PAGES.items()}
    pages |= {rule.code: (rule.severity.value, rule.page) for rule in all_rules()}
    for code, (severity, page) in sorted(pages.items()):
        text = page.strip()
        yield Code(code, LINT, severity, text.partition("\n")[0], text)


def _release() -> Iterator[Code]:
    for rule in sorted(RULES.values(), key=lambda rule: rule.code):
        yield Code(rule.code, RELEASE, rule.breaks.value, rule.summary, _release_page(rule))


def _release_page(rule: Rule) -> str:
    facts = {
        "Place": "beside the object, field or value that changed, in the mapping or in the org",
        "Class": f"{rule.breaks.value}; asks for a {rule.bump.name} version",
        "Cause": rule.reason,
        "Org says": rule.prevents,
        "Fix": rule.next_step or "nothing: it breaks nothing",
    }
    return f"{rule.summary[0].upper()}{rule.summary[1:]}.\n\n{_lines(facts)}"


def _errors() -> Iterator[Code]:
    for code, outcome in sorted(OUTCOMES.items()):
        others = [(text, other) for (first, text), other in SECOND_MEANINGS.items() if first == code]
        said = "".join(f"\n\nWhen its text has `{text}`: {other.reason}" for text, other in others)
        yield Code(code, ERROR, outcome.action.value, outcome.reason, _error_page(outcome, ANSWER) + said)


def _marks() -> Iterator[Code]:
    for (first, text), outcome in sorted(SECOND_MEANINGS.items()):
        if text.endswith(":"):
            place = f"a message of {first}: the trigger of a mapped object"
            yield Code(text.rstrip(":"), MARK, outcome.action.value, outcome.reason, _error_page(outcome, place))


ANSWER = "the answer to a request of the sync: `clmkit sync dead-letters`, the log, the audit chain"


def _error_page(outcome: Outcome, place: str) -> str:
    facts = {"Place": place, "Cause": outcome.reason, "Sync": DEEDS[outcome.action], "Fix": FIXES[outcome.action]}
    return f"{outcome.reason}\n\n{_lines(facts)}"


def _waits() -> Iterator[Code]:
    for kind, (title, cause, fix) in WAITS.items():
        facts = {"Place": "`clmkit sync dead-letters`, `clmkit sync status`, alerts", "Cause": cause, "Fix": fix}
        yield Code(kind, WAIT, "park", title, f"{title}\n\n{_lines(facts)}")


def _lines(facts: Mapping[str, str]) -> str:
    return "\n".join(f"{name + ':':<10}{text}" for name, text in facts.items() if text)
