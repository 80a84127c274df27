"""An org with Apex and with the workflow rules that are deployed to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.metadata.service import MetadataService
from orgtwin.workflow.actions import Mail
from orgtwin.workflow.assignment import Assignment
from orgtwin.workflow.service import Workflow

NewOrg = Callable[..., "RuledOrg"]


def field_update(name: str, field: str, *parts: str, operation: str = "Formula") -> str:
    return (
        f"<fieldUpdates><fullName>{name}</fullName><field>{field}</field>{''.join(p for p in parts if p[1] == 'f')}"
        f"{''.join(p for p in parts if p[1] == 'l')}<name>{name}</name><notifyAssignee>false</notifyAssignee>"
        f"<operation>{operation}</operation><protected>false</protected>"
        f"{''.join(p for p in parts if p[1] in 'rt')}</fieldUpdates>"
    )


def rule(name: str, criteria: str, *actions: str, trigger: str = "onAllChanges", active: bool = True) -> str:
    """An action is `Type:Name`."""
    named = "".join(
        f"<actions><name>{a.partition(':')[2]}</name><type>{a.partition(':')[0]}</type></actions>" for a in actions
    )
    logic, items = (criteria, "") if criteria.startswith("<formula>") else ("", criteria)
    boolean, _, items = items.rpartition("</booleanFilter>")
    boolean = f"{boolean}</booleanFilter>" if boolean else ""
    return (
        f"<rules><fullName>{name}</fullName>{named}<active>{str(active).lower()}</active>{boolean}{items}{logic}"
        f"<triggerType>{trigger}</triggerType></rules>"
    )


def item(field: str, operation: str, value: str = "") -> str:
    shown = f"<value>{value}</value>" if value else ""
    return f"<criteriaItems><field>{field}</field><operation>{operation}</operation>{shown}</criteriaItems>"


class RuledOrg(LiveOrg):
    def __init__(self, **sources: str) -> None:
        super().__init__(**sources)
        self.outbox: list[Mail] = []
        self.second = ""
        components = MetadataService(self.org).state.components
        self.assignment, self.workflow = Assignment(self.org, components), Workflow(self.org, components, self.outbox)

    def rules(self, sobject_type: str, *parts: str) -> None:
        """Deploy the workflow file of an object; its parts in the order of the type's elements."""
        assert self.rule_problems(sobject_type, *parts) == []

    def rule_problems(self, sobject_type: str, *parts: str) -> list[str | None]:
        return self.deploy_problems({f"workflows/{sobject_type}.workflow": f"<Workflow>{''.join(parts)}</Workflow>"})


@pytest.fixture
def new_org() -> NewOrg:
    return RuledOrg
