"""Lifecycle, requests, approvals and renewal."""

from __future__ import annotations

from msgspec import UNSET

from clmkit.mapping.document import (
    ApprovalRowBlock,
    ApprovalsBlock,
    LifecycleBlock,
    ObjectBlock,
    RangeBlock,
    RenewalBlock,
    RequestBlock,
)
from clmkit.mapping.model import (
    ApprovalFact,
    ApprovalMatrix,
    ApprovalRow,
    Lifecycle,
    Range,
    RenewalRule,
    Request,
    State,
)
from clmkit.mapping.resolve.wording import either, resolve_conditions, to_days, to_hours


def resolve_lifecycle(block: LifecycleBlock, header: ObjectBlock | None) -> Lifecycle:
    """The state machine; a field that names the states in which it may change is frozen in the others."""
    moves = tuple((before, after) for before, targets in block.moves.items() for after in targets)
    frozen: dict[str, set[str]] = {}
    for state, fields in block.frozen_after.items():
        for field in fields:
            frozen.setdefault(field, set()).update(reachable_from(state, moves))
    for name, field_block in header.fields.items() if header else ():
        if field_block.states is not UNSET:
            frozen.setdefault(name, set()).update(set(block.states) - set(field_block.states))
    return Lifecycle(
        clm=block.clm,
        field=block.field,
        states=tuple(
            State(
                name=name,
                clm=state.clm,
                status=state.status,
                category=state.category,
                description=either(state.description, ""),
            )
            for name, state in block.states.items()
        ),
        moves=moves,
        frozen=tuple(
            (field, tuple(state for state in block.states if state in states)) for field, states in frozen.items()
        ),
        old_statuses=tuple(block.old_statuses.items()),
    )


def reachable_from(state: str, moves: tuple[tuple[str, str], ...]) -> set[str]:
    """The state and every state that an agreement can get to from it."""
    reached, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        new = {after for before, after in moves if before == here} - reached
        reached |= new
        waiting.extend(new)
    return reached


def resolve_request(name: str, block: RequestBlock) -> Request:
    return Request(
        name=name,
        sobject=block.event.object,
        field=block.event.field,
        becomes=tuple(block.event.becomes),
        where=resolve_conditions(block.where, {}),
        contract_type=block.contract_type,
        prefill=tuple(block.prefill.items()),
        needs=tuple(block.needs),
        description=either(block.description, ""),
    )


def resolve_approvals(block: ApprovalsBlock) -> ApprovalMatrix:
    return ApprovalMatrix(
        state=block.state,
        hit=block.hit,
        facts=tuple(
            ApprovalFact(name=name, clm=fact.clm, values=tuple(fact.one_of), currency=either(fact.currency, ""))
            for name, fact in block.facts.items()
        ),
        rows=tuple(_resolve_row(name, row) for name, row in block.rows.items()),
    )


def _resolve_row(name: str, block: ApprovalRowBlock) -> ApprovalRow:
    ranges, values = [], []
    for fact, condition in block.when.items():
        if isinstance(condition, RangeBlock):
            low, high = either(condition.at_least, None), either(condition.below, None)
            ranges.append((fact, Range(at_least=low, below=high)))
        else:
            values.append((fact, tuple(condition)))
    return ApprovalRow(
        name=name,
        ranges=tuple(ranges),
        values=tuple(values),
        approvers=tuple(block.approvers),
        within_hours=0 if block.within is UNSET else to_hours(block.within),
    )


def resolve_renewal(block: RenewalBlock) -> RenewalRule:
    escalate, opportunity = block.escalate, block.opportunity
    return RenewalRule(
        end=block.end,
        kind=either(block.kind, ""),
        automatic=tuple(block.automatic),
        notice=either(block.notice, ""),
        notice_unit=either(block.notice_unit, ""),
        remind_days=tuple(sorted(set(block.remind), reverse=True)),
        steward=block.steward,
        escalate_days=0 if escalate is UNSET else to_days(escalate.after),
        escalate_to="" if escalate is UNSET else escalate.to,
        opportunity_days=0 if opportunity is UNSET else to_days(opportunity.before),
        opportunity_stage="" if opportunity is UNSET else opportunity.stage,
        given=either(block.given, ""),
    )
