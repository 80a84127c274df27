"""Roll-up fields over children that come, change, move, go and come back: they say what the children say together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row, Value
from orgtwin.schema.model import Field, FieldType
from orgtwin.seed import administrator, new_org

from .conftest import DETAIL, SAMPLE

Save = Callable[..., SaveResult]
OPEN = (("Detail__c.Amount__c", "greaterThan", "0"),)
SUMMARIES = (
    ("Count__c", "count", None, ()),
    ("Sum__c", "sum", "Amount__c", ()),
    ("Min__c", "min", "Amount__c", ()),
    ("Max__c", "max", "Amount__c", ()),
    ("Above__c", "sum", "Amount__c", OPEN),
)
PARENTS = 2


def summary_field(
    name: str, operation: str, child_field: str | None, filters: tuple[tuple[str, str, str], ...]
) -> Field:
    return Field(
        name,
        name,
        FieldType.CURRENCY,
        precision=18,
        scale=2,
        calculated=True,
        permissionable=False,
        summary=("Detail__c.Parent__c", operation, child_field),
        summary_filters=filters,
    )


def summarize(org: Org) -> None:
    fields = tuple(summary_field(*row) for row in SUMMARIES)
    org.replace_schema(org.schema.with_types([replace(SAMPLE, fields=SAMPLE.fields + fields), DETAIL]))


def said(org: Org, parent_id: str) -> list[Value]:
    parent = org.table("Sample__c").get(parent_id)
    assert parent is not None
    return [org.table("Sample__c").reader(name)(parent) for name, *_ in SUMMARIES]


def counted(org: Org, parent_id: str) -> list[Value]:
    """The same, from all the children that are there."""
    table = org.table("Detail__c")
    parent_of, amount_of = table.reader("Parent__c"), table.reader("Amount__c")
    children: Sequence[Row] = [row for row in table.rows() if parent_of(row) == parent_id]
    amounts = [amount for row in children if isinstance(amount := amount_of(row), Decimal)]
    return [
        Decimal(len(children)),
        sum(amounts, Decimal(0)),
        min(amounts, default=None),
        max(amounts, default=None),
        sum((amount for amount in amounts if amount > 0), Decimal(0)),
    ]


AMOUNTS = st.one_of(st.none(), st.sampled_from([-1, 0, 1, 2.5, 1000]), st.integers(-5, 5))
PLACE = st.integers(0, PARENTS - 1)
CHILD = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("insert"), PLACE, AMOUNTS),
    st.tuples(st.just("amount"), CHILD, AMOUNTS),
    st.tuples(st.just("delete"), CHILD),
    st.tuples(st.just("undelete"), CHILD),
    st.tuples(st.just("refused"), PLACE, AMOUNTS),
    st.tuples(st.just("parent"), PLACE),
    st.tuples(st.just("schema")),
)


class Play:
    """An org with parents, and what a list of steps does to their children."""

    def __init__(self) -> None:
        self.org = new_org()
        summarize(self.org)
        self.admin: Caller = administrator(self.org)
        made = self.org.dml.insert(self.admin, "Sample__c", [{"Name": f"P{n}"} for n in range(PARENTS)])
        self.parents = [str(result.record_id) for result in made]
        self.children: list[str] = []
        for place in range(PARENTS):
            self._insert(place, 1)

    def take(self, step: tuple[object, ...]) -> None:
        kind, *values = step
        getattr(self, f"_{kind}")(*values)

    def _insert(self, place: int, amount: object) -> None:
        row = {"Parent__c": self.parents[place], "Amount__c": amount}
        (result,) = self.org.dml.insert(self.admin, "Detail__c", [row])
        if result.record_id:
            self.children.append(result.record_id)

    def _refused(self, place: int, amount: object) -> None:
        good = {"Parent__c": self.parents[place], "Amount__c": amount}
        self.org.dml.insert(self.admin, "Detail__c", [good, {"Parent__c": "nothing"}], all_or_none=True)

    def _amount(self, child: int, amount: object) -> None:
        for record_id in self.children[child : child + 1]:
            self.org.dml.update(self.admin, "Detail__c", [{"Id": record_id, "Amount__c": amount}])

    def _delete(self, child: int) -> None:
        self.org.dml.delete(self.admin, self.children[child : child + 1])

    def _undelete(self, child: int) -> None:
        self.org.dml.undelete(self.admin, self.children[child : child + 1])

    def _parent(self, place: int) -> None:
        """Away with all its children, and back."""
        self.org.dml.delete(self.admin, [self.parents[place]])
        self.org.dml.undelete(self.admin, [self.parents[place]])

    def _schema(self) -> None:
        known = self.org.schema.find_type("Detail__c")
        assert known is not None
        self.org.replace_schema(self.org.schema.with_types([replace(known, label=f"{known.label}.")]))


@settings(max_examples=40)  # each makes an org
@given(st.lists(STEP, max_size=12))
def test_summaries_say_what_the_children_say_together(steps: list[tuple[object, ...]]) -> None:
    play = Play()
    for step in steps:
        play.take(step)
        for parent_id in play.parents:
            assert said(play.org, parent_id) == counted(play.org, parent_id), step


def test_a_batch_does_not_look_at_the_other_children(org: Org, insert: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    summarize(org)
    parent = str(insert("Sample__c").record_id)
    for amount in range(1, 30):
        insert("Detail__c", Parent__c=parent, Amount__c=amount)

    def refuse(_field: str, _value: Value) -> Sequence[Row]:
        raise AssertionError("the other children were looked for")

    monkeypatch.setattr(org.table("Detail__c"), "find", refuse)
    assert insert("Detail__c", Parent__c=parent, Amount__c=100).success
    assert said(org, parent) == [Decimal(30), Decimal(535), Decimal(1), Decimal(100), Decimal(535)]


def test_a_summary_over_rows_that_a_failed_transaction_wrote_forgets_them(
    org: Org, insert: Save, admin: Caller
) -> None:
    summarize(org)
    parent = str(insert("Sample__c").record_id)
    insert("Detail__c", Parent__c=parent, Amount__c=7)
    results = org.dml.insert(admin, "Detail__c", [{"Parent__c": parent, "Amount__c": 9}, {}], all_or_none=True)
    assert [result.success for result in results] == [False, False]
    assert said(org, parent)[1] == Decimal(7)
    insert("Detail__c", Parent__c=parent, Amount__c=1)
    assert said(org, parent) == [Decimal(2), Decimal(8), Decimal(1), Decimal(7), Decimal(8)]
