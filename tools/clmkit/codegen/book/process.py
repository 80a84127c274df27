"""Requests, approvals and renewal, told as tables."""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.book.tables import Table, make_table
from clmkit.mapping.model import ApprovalFact, ApprovalRow, Condition, Range, Spec


def process_tables(spec: Spec) -> Iterator[Table]:
    stewards = dict(spec.stewards)
    if spec.requests:
        rows = (
            (
                request.contract_type, f"{request.sobject}.{request.field}", request.becomes,
                [tell_condition(condition) for condition in request.where],
                [f"{path} from {field}" for path, field in request.prefill], request.needs, request.description,
            )
            for request in spec.requests
        )  # fmt: skip
        note = "What makes Salesforce ask the CLM for an agreement. A request without what it needs is refused at the save."
        columns = "Agreement | When | Becomes | Only if | Starts with | Needs | Why"
        yield make_table("Requests", "Requests for agreements", note, columns, rows)
    if spec.approvals:
        matrix = spec.approvals
        facts = [fact.name for fact in matrix.facts]
        lines = (
            (
                row.name,
                *(_cell(row, fact) for fact in facts),
                [stewards[name] for name in row.approvers],
                _hours(row.within_hours),
            )
            for row in matrix.rows
        )
        read = ", ".join(f"{fact.name} is {fact.clm.lstrip('/')}{_unit(fact)}" for fact in matrix.facts)
        note = (
            f"Read in the state {matrix.state}; hit policy: {matrix.hit.value}. An empty cell means any value; {read}."
        )
        columns = " | ".join(["Row", *facts, "Approved by, in this order", "Within"])
        yield make_table("Approvals", "Approval matrix", note, columns, lines)
    if spec.renewal:
        yield _renewal(spec)


def _unit(fact: ApprovalFact) -> str:
    """The currency of an amount, the values of a closed list."""
    return f" in {fact.currency}" if fact.currency else f", one of {', '.join(fact.values)}" if fact.values else ""


def tell_condition(condition: Condition) -> str:
    return f"{condition.field} {condition.operator.value.replace('_', ' ')} {', '.join(condition.values)}"


def _cell(row: ApprovalRow, fact: str) -> str:
    ranges, values = dict(row.ranges), dict(row.values)
    if fact in ranges:
        return _tell_range(ranges[fact])
    return ", ".join(values.get(fact, ()))


def _tell_range(bounds: Range) -> str:
    low = f"from {bounds.at_least:,}" if bounds.at_least is not None else ""
    high = f"below {bounds.below:,}" if bounds.below is not None else ""
    return " ".join(filter(None, (low, high)))


def _hours(hours: int) -> str:
    return f"{hours // 24} days" if hours and hours % 24 == 0 else f"{hours} hours" if hours else ""


def _renewal(spec: Spec) -> Table:
    rule, stewards = spec.renewal, dict(spec.stewards)
    if rule is None:
        raise ValueError("no renewal rule")
    rows = [
        (f"{days} days before the last day for notice", "a task", stewards[rule.steward]) for days in rule.remind_days
    ]
    if rule.escalate_days:
        rows.append((f"{rule.escalate_days} days later, still open", "a task", stewards[rule.escalate_to]))
    if rule.opportunity_days:
        rows.append(
            (
                f"{rule.opportunity_days} days before the end",
                f"an opportunity, {rule.opportunity_stage}",
                "the record's owner",
            )
        )
    if rule.given:
        what = "a task; open reminders are completed, none follows, and no opportunity is made"
        rows.append((f"as soon as {rule.given} says that notice was given", what, stewards[rule.steward]))
    note = "The last day for notice is the end less the notice period; days are days, months are calendar months."
    return make_table("Renewal", "Renewal and notice", note, "When | What | For whom", rows)
