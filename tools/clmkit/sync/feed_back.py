"""The way back: fields that Salesforce changed become a merge patch of the agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clmkit.clients.errors import Refused
from clmkit.clients.outcomes import Action
from clmkit.mapping.evaluate import Evaluator
from clmkit.sync.apply import StopRun
from clmkit.sync.audit import digest
from clmkit.sync.cases import Case
from clmkit.sync.decide import is_same_value
from clmkit.sync.memory import Memory, Place
from clmkit.sync.origin import Ruleset, tell_causes
from clmkit.sync.ports import ClmSystem
from clmkit.sync.report import Tally
from clmkit.sync.rows import Agreement, clm_values, to_salesforce_value, to_scalar
from clmkit.sync.state import Link


def to_patch(values: Mapping[str, object]) -> dict[str, Any]:
    """CLM paths and their values as a JSON merge patch (RFC 7396).

    A group whose named member is gone is gone: `business_owner.email` = None becomes {"business_owner": None}, because a
    group without what identifies it is not a group.
    """
    patch: dict[str, Any] = {}
    for path, value in values.items():
        names = path.lstrip("/").split(".")
        if value is None and len(names) > 1:
            names = names[:-1]
        place = patch
        for name in names[:-1]:
            place = place.setdefault(name, {})
        place[names[-1]] = value
    return patch


@dataclass(slots=True)
class FeedBack:
    clm: ClmSystem
    evaluator: Evaluator
    memory: Memory
    tally: Tally
    rules: Ruleset

    async def give(self, case: Case) -> None:
        """Give the CLM what Salesforce owns. A refusal parks the fields; a moved agreement is planned anew.

        Raises StopRun, WireError.
        """
        values: dict[str, object] = {}
        for mapping, key, decision in case.pulls:
            record = {decision.field.salesforce: to_salesforce_value(decision.value), mapping.key.salesforce: key}
            answer = self.evaluator.feed_back(mapping.name, record)
            values |= answer.values
            for parked in answer.parked:
                case.park_value(parked)
        if not values:
            return
        try:
            saved = await self.clm.patch_agreement(case.agreement_id, case.revision, to_patch(values))
        except Refused as refused:
            self._note_refused(case, refused)
            return
        case.has_written = True
        self.tally.patches += 1
        self._agree(case, values)
        if not self._holds(case, saved):
            case.again = "The CLM answered with another value than it was given."

    def _holds(self, case: Case, saved: Agreement) -> bool:
        """Whether the agreement, as the CLM saved it, has the values that Salesforce gave."""
        for mapping, _, decision in case.pulls:
            row = self.evaluator.rows(mapping.name, saved)[0]
            value = clm_values(self.evaluator, mapping, row, saved).get(decision.field.salesforce, decision.value)
            if not is_same_value(decision.field, value, decision.value):
                return False
        return True

    def _note_refused(self, case: Case, refused: Refused) -> None:
        if refused.action is Action.STOP:
            raise StopRun(f"{refused.outcome.reason} ({refused})") from refused
        if (
            refused.action is Action.RETRY
        ):  # after all attempts: the CLM is away, and the agreement no dead letter for it
            raise refused
        if refused.action is not Action.PARK:
            case.again = f"{refused.outcome.reason} ({refused.message})"
            return
        reason = f"{refused.outcome.reason} ({refused.code}: {refused.message})"
        for mapping, key, decision in case.pulls:
            case.park_row(mapping, key, decision.field.name, str(decision.value or ""), reason, decision.field.steward)

    def _agree(self, case: Case, values: Mapping[str, object]) -> None:
        changed: dict[Place, Link] = {}
        for mapping, key, decision in case.pulls:
            place = (mapping.name, key)
            link = changed.get(place) or self.memory.find(place)
            if link is not None and decision.field.clm in values:
                base = {**link.base, decision.field.salesforce: to_scalar(decision.value)}
                changed[place] = replace(link, base=base)
        names = {decision.field.salesforce: digest(str(decision.value)) for _, _, decision in case.pulls}
        causes = tell_causes((decision for _, _, decision in case.pulls), case.work.events, self.rules)
        row = {"object": case.pulls[0][0].salesforce, "agreement": case.agreement_id, "revision": case.revision}
        self.memory.keep(list(changed.values()), {"patched": [{**row, "fields": names, **causes}]})
