"""The way back: fields that Salesforce changed become a merge patch of the agreement.

What a patch gives is kept before it is sent. When its answer was not heard, the agreement itself tells whether it arrived: our own
values there are nobody's edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clmkit.clients.errors import Refused, WireError
from clmkit.clients.outcomes import Action
from clmkit.clients.silence import silence_error
from clmkit.mapping.evaluate import Evaluator
from clmkit.mapping.model import ObjectMapping
from clmkit.sync.apply import StopRun
from clmkit.sync.audit import digest
from clmkit.sync.cases import Case
from clmkit.sync.decide import is_same_value
from clmkit.sync.discretion import Discretion
from clmkit.sync.memory import Memory
from clmkit.sync.offers import Offer
from clmkit.sync.origin import Ruleset, tell_causes
from clmkit.sync.ports import ClmSystem
from clmkit.sync.report import Tally
from clmkit.sync.rows import Agreement, clm_values, to_salesforce_value, to_scalar
from clmkit.sync.state import Fields, Hops, Link
from clmkit.sync.trouble import answers_for, may_pass, require_takers


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
    discretion: Discretion
    taken: int = 0
    """Patches that the CLM took since `give_up` was asked last."""

    async def give(self, case: Case) -> None:
        """Give the CLM what Salesforce owns. A refusal parks the fields; a moved agreement is planned anew; what time may heal is
        noted in the case.

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
        offer = self._make_offer(case, values)
        self.memory.offer(offer)
        try:
            saved = await self.clm.patch_agreement(case.agreement_id, case.revision, to_patch(values))
        except WireError as error:
            given = [one.value for mapping, _, one in case.pulls if self.discretion.hides(mapping.name, one.field.name)]
            await self._note(case, offer, silence_error(error, given))
            return
        case.has_written = True
        self.taken += 1
        self.tally.patches += 1
        self._agree(case, offer)
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

    async def _note(self, case: Case, offer: Offer, error: WireError) -> None:
        """Where no answer was heard the patch may have arrived: the agreement is read again, and tells."""
        if may_pass(error):
            if not await answers_for(self.clm, case.agreement_id):
                raise error
            if isinstance(error, Refused):
                case.untaken = error
            else:
                case.again = str(error)
            return
        if not isinstance(error, Refused):
            raise error
        self._note_refused(case, error)
        if not case.again:
            self.memory.drop(offer)

    def _note_refused(self, case: Case, refused: Refused) -> None:
        if refused.action is Action.STOP:
            raise StopRun(f"{refused.outcome.reason} ({refused})") from refused
        if refused.action is not Action.PARK:
            case.again = f"{refused.outcome.reason} ({refused.message})"
            return
        self._park(case, f"{refused.outcome.reason} ({refused.code}: {refused.message})")

    def give_up(self, cases: Sequence[Case]) -> None:
        """Park what the CLM did not take although it took others'. Raises WireError when it is the CLM's trouble (`trouble`)."""
        taken, self.taken = self.taken, 0
        require_takers(self.memory.state, [case.untaken for case in cases if case.untaken is not None], taken)
        for case in cases:
            self._park(
                case, f"The CLM gives the agreement, but does not take this change, after all attempts: {case.untaken}"
            )

    def _park(self, case: Case, reason: str) -> None:
        for mapping, key, decision in case.pulls:
            case.park_row(mapping, key, decision.field.name, str(decision.value or ""), reason, decision.field.steward)

    def _make_offer(self, case: Case, given: Mapping[str, object]) -> Offer:
        decisions = [decision for _, _, decision in case.pulls if decision.field.clm in given]
        names = {decision.field.salesforce: digest(str(decision.value)) for decision in decisions}
        causes = tell_causes(decisions, case.work.events, self.rules)
        row = {"object": case.pulls[0][0].salesforce, "agreement": case.agreement_id, "revision": case.revision}
        values = {decision.field.salesforce: to_scalar(decision.value) for decision in decisions}
        return Offer(case.agreement_id, values, {**row, "fields": names, **causes})

    def _agree(self, case: Case, offer: Offer) -> None:
        link = self.memory.find((case.pulls[0][0].name, case.agreement_id))
        hops = {decision.field.salesforce: decision.hops for _, _, decision in case.pulls if decision.hops}
        self.memory.keep_given(offer, [_given(link, offer.values, hops)] if link is not None else [])

    def find_out(self, mapping: ObjectMapping, agreement: Agreement, offer: Offer) -> None:
        """Whether a patch arrived whose answer was not heard. The agreement has just been read."""
        row = self.evaluator.rows(mapping.name, agreement)[0]
        held = clm_values(self.evaluator, mapping, row, agreement)
        columns = {column.salesforce: column for column in mapping.columns}
        values = {
            name: value
            for name, value in offer.values.items()
            if name in held and is_same_value(columns[name], held[name], value)
        }
        link = self.memory.find((mapping.name, offer.agreement_id))
        if values and link is not None:
            self.memory.keep_given(offer, [_given(link, values, {})])
        else:
            self.memory.drop(offer)


def _given(link: Link, values: Fields, hops: Hops) -> Link:
    """What to remember of a row once the CLM has these values; `hops` are of those that were put back there."""
    others = {name: hop for name, hop in link.hops.items() if name not in values}
    return msgspec.structs.replace(link, base={**link.base, **values}, hops={**others, **hops})
