"""A mapping with one key changed, and what that changes: the sync's decisions, the generated files, lint, or the mapping book."""

from __future__ import annotations

import copy
import datetime
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from clmkit.codegen.book.make import make_book
from clmkit.codegen.book.traffic import Load
from clmkit.codegen.plan import PlanError
from clmkit.codegen.project import PLANNERS
from clmkit.mapping.evaluate import Evaluator, find_state
from clmkit.mapping.loader import Loaded, load_bytes
from clmkit.mapping.model import FieldMapping, Owner, Spec
from clmkit.mapping.schema import build_schema
from clmkit.mapping.sides import choose_sides
from clmkit.sync.activation import plan_status
from clmkit.sync.decide import Action, FieldFacts, decide_field
from clmkit.sync.rows import clm_values
from clmkit.sync.schedule import pace_of

Node = Mapping[str, Any]
Place = tuple[str | int, ...]

SCHEMA = build_schema()
FILE = Path(__file__).with_name("every_key.yml")
GONE = object()
"""Stands for the value of a key that is taken out."""


@cache
def read_document() -> dict[str, Any]:
    """The mapping that says every key; nobody changes it."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


# ---- the leaves of the schema


def follow(node: Node) -> Node:
    while "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]  # type: ignore[index]  # definitions by name
    return node


def inside(node: Node) -> list[Node]:
    """What a node that is no leaf holds: the elements of a list, the values of a block of names, both sides of a choice."""
    node = follow(node)
    if "if" in node:
        return [node["then"], node["else"]]
    held = node.get("items", node.get("additionalProperties"))
    return [held] if isinstance(held, Mapping) else []


def is_block(node: Node) -> bool:
    return "properties" in follow(node)


def holds_blocks(node: Node) -> bool:
    return is_block(node) or any(map(holds_blocks, inside(node)))


def is_choice(node: Node) -> bool:
    """A plain word, or a block: `type: date`, `type: {text: 80}`."""
    return "if" in follow(node)


def find_leaves() -> dict[str, Node]:
    """`FieldBlock.latency` -> its schema: every key of the language that holds a value, and no block of keys."""
    found: dict[str, Node] = {}
    seen: set[str] = set()

    def visit(node: Node) -> None:
        node = follow(node)
        for held in inside(node):
            visit(held)
        if is_block(node) and node["title"] not in seen:
            seen.add(node["title"])
            for key, value in node["properties"].items():
                if is_choice(value) or not holds_blocks(value):
                    found[f"{node['title']}.{key}"] = value
                visit(value)

    visit({"$ref": SCHEMA["$ref"]})
    return found


LEAVES = find_leaves()


def find_places(node: Node, data: Any, place: Place = ()) -> Iterator[tuple[str, Place]]:
    """Every leaf that the data says, with its place."""
    node = follow(node)
    if "if" in node:
        kinds = {"string": str, "array": list}
        is_first = isinstance(data, kinds[node["if"]["type"]])
        yield from find_places(node["then"] if is_first else node["else"], data, place)
    elif is_block(node):
        for key, value in data.items():
            if f"{node['title']}.{key}" in LEAVES:
                yield f"{node['title']}.{key}", (*place, key)
            if holds_blocks(node["properties"][key]):
                yield from find_places(node["properties"][key], value, (*place, key))
    elif isinstance(data, Mapping | list):
        (held,) = inside(node) or ({},)
        pairs = data.items() if isinstance(data, Mapping) else enumerate(data)
        for key, value in pairs if holds_blocks(held) else ():
            yield from find_places(held, value, (*place, key))


@cache
def places_of_leaves() -> Mapping[str, list[Place]]:
    places: dict[str, list[Place]] = {}
    for leaf, place in find_places({"$ref": SCHEMA["$ref"]}, read_document()):
        places.setdefault(leaf, []).append(place)
    return places


def words_of(leaf: str) -> list[str]:
    """The words of a closed list; of a list of words, those that it may hold."""
    node = follow(LEAVES[leaf])
    return list(follow(node["then"] if "if" in node else node.get("items", node)).get("enum", ()))


def others(value: Any) -> list[Any]:
    """Other values of the same kind, none of them a name that must be known."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case str():
            return [
                f"{value.removesuffix('__c')}X__c" if value.endswith("__c") else f"{value}_x",
                f"{value} x",
                f"{value}x",
                GONE,
            ]
        case list():
            return [value[:-1], [*others(value[0])[:1], *value[1:]], GONE]
        case _:
            first = next(iter(value))
            return [{key: held for key, held in value.items() if key != first}, GONE]  # fmt: skip


def put(changes: Mapping[Place, Any]) -> dict[str, Any]:
    """The document with some of its values changed."""
    document = copy.deepcopy(read_document())
    for place, value in changes.items():
        block: Any = document
        for part in place[:-1]:
            block = block[part]
        if value is GONE:
            block.pop(place[-1], None)
        else:
            block[place[-1]] = value
    return document


# ---- what a change changes


@dataclass(frozen=True)
class Look:
    """A mapping as everything that heeds it sees it; each look is taken when it is asked for."""

    loaded: Loaded

    @cached_property
    def plan(self) -> Mapping[str, Any] | None:
        """What is generated, by path; None for a mapping that is refused."""
        try:
            return {file.path: file.content for planner in PLANNERS for file in planner(self.spec)}
        except PlanError:
            return None

    @property
    def spec(self) -> Spec:
        assert self.loaded.spec is not None
        return self.loaded.spec

    @cached_property
    def decisions(self) -> list[Any]:
        return list(decide_everything(self.spec))

    @cached_property
    def book(self) -> object:
        return make_book(self.spec, Load())

    @property
    def findings(self) -> list[tuple[str, str]]:
        return [(one.code, one.message) for one in self.loaded.findings]


def look(document: Mapping[str, Any]) -> Look:
    return Look(load_bytes(json.dumps(document).encode(), "every_key.yml"))


@cache
def base() -> Look:
    return look(read_document())


STRONG = ("sync", "files")


def find_effect(changes: Mapping[Place, Any]) -> str:
    """The first of `sync`, `files`, `refused`, `lint` and `book` that a change shows in; empty when nobody heeds it."""
    changed = look(put(changes))
    if changed.loaded.spec is None or changed.plan is None:
        return "refused"
    if changed.decisions != base().decisions:
        return "sync"
    if _differ(base().plan or {}, changed.plan):
        return "files"
    if changed.findings != base().findings:
        return "lint"
    return "book" if changed.book != base().book else ""


def _differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Templates get values that they may not print: what is compared then is the text."""
    if before.keys() != after.keys():
        return True
    return any(after[path] != one and after[path].render() != one.render() for path, one in before.items())


AGREEMENT: Mapping[str, Any] = {
    "id": "A-1", "revision": 3, "stage": "DRAFT", "title": "  A  title ", "kind": "MSA", "sizes": ["s", "l"], "renews": "A-0",
    "start": "2026-03-01T23:30:00-05:00", "end": "7/1/2026", "signed": "2026-01-02", "renews_by": "auto", "notice": "30 days",
    "note": "n", "remark": "r", "discount": "5", "manager": "ana@example.com", "nick": "nn", "clauses": ["c"],
    "file": {"url": "https://x.example/a", "sha256": "ab" * 32}, "value": {"total": "1000.005", "currency": "USD"},
    "counterparty": {"id": "P-1", "name": "Acme"}, "manager_record": {"id": "U1"},
    "parties": [{"name": "Us", "role": "our_side"}, {"name": "Acme", "role": "counterparty"}],
    "lines": [{"id": "L1", "sort": "s", "amount": "1.005", "share": "1.005", "long": "x", "rich": "<b>x</b>", "code": "c",
               "secret": "s", "order": "o", "seller": "s@example.com"}],
    "memos": [{"id": "M1", "size": "l", "sign": "x", "words": "w"}, {"id": "M2", "size": "odd"}],
    "slips": [{"id": "S1", "memo": "M1"}, {"id": "S2"}],
}  # fmt: skip
AGREEMENTS: tuple[Mapping[str, Any], ...] = (
    AGREEMENT,
    {**AGREEMENT, "stage": "TALKS", "kind": "NDA", "end": "perpetual", "value": {"total": "60000", "currency": "EUR"}},
    {**AGREEMENT, "stage": "ACTIVE", "kind": "ODD", "note": None, "value": {"total": "bad", "currency": "USD"}, "notice": "",
     "title": "", "end": "", "renews": "", "sizes": ["zz"], "lines": [{"id": "L1"}], "counterparty": {}},
    {**AGREEMENT, "stage": "ENDED", "kind": "OLD", "end": "not a day", "note": "x" * 200, "sizes": None,
     "value": {"total": "1.5", "currency": "GBP"},
     "parties": [{"name": "Acme", "role": "x"}, {"name": "Northstar", "role": "our_side"}]},
)  # fmt: skip
RECORDS: tuple[Mapping[str, Any], ...] = (
    {
        "EK_Id__c": "A-1",
        "EK_Remark__c": " two\nlines ",
        "EK_Note__c": "n",
        "OwnerId": "b@example.com",
        "EK_Discount__c": 5,
    },
    {"EK_Id__c": "A-1", "EK_Remark__c": None, "EK_Note__c": None, "OwnerId": None, "EK_Discount__c": None},
)
TODAY = datetime.date(2026, 6, 20)
DATES = {"end": TODAY + datetime.timedelta(30), "signed": TODAY - datetime.timedelta(99), "start": None}
LATER = {"end": TODAY - datetime.timedelta(1), "signed": TODAY - datetime.timedelta(9), "start": None}
NOW = "2026-06-20T12:00:00.000Z"
OLD_STATUS = "Signed"


def decide_everything(spec: Spec) -> Iterator[Any]:
    """What the sync does with a handful of agreements and records under this mapping."""
    evaluator, pace = Evaluator(spec), pace_of(spec)
    for mapping in spec.objects:
        for agreement in AGREEMENTS:
            for row in evaluator.rows(mapping.name, agreement):
                yield row, clm_values(evaluator, mapping, row, agreement)
        yield mapping.name, [evaluator.feed_back(mapping.name, record) for record in RECORDS]
        yield [(pace.due_at(field.latency, NOW), pace.is_due((), field)) for field in mapping.columns]
        for field in mapping.columns:
            yield field.name, field.seed, [settle(field, facts) for facts in circumstances(field)]
    yield [find_state(spec.lifecycle, agreement) for agreement in AGREEMENTS]
    if spec.us:
        yield [choose_sides(spec.us, agreement) for agreement in AGREEMENTS]
    if spec.lifecycle:
        statuses = [state.status for state in spec.lifecycle.states] + [OLD_STATUS]
        yield [plan_status(spec.lifecycle, *pair) for pair in itertools.product(statuses, repeat=2)]
        yield [state.name for status in statuses if (state := spec.lifecycle.find_state_of_status(status))]


def settle(field: FieldMapping, facts: FieldFacts) -> tuple[Action, str]:
    decision = decide_field(field, facts)
    return decision.action, decision.reason


def circumstances(field: FieldMapping) -> Iterator[FieldFacts]:
    """Edits of one side and of both; of a shared field in each state, inside its windows and outside, by its role and by others."""
    edits = (("b", "a"), ("a", "b"), ("b", "c"))
    if field.owner is not Owner.SHARED:
        yield from (FieldFacts("a", *edit, "active", "active") for edit in edits)
        return
    people = [(frozenset({"sales"}),), (frozenset[str](),)]
    for edit, state, dates, who in itertools.product(edits, ("draft", "talks", "active"), (DATES, LATER), people):
        yield FieldFacts(
            "a", *edit, state, state, clm_is_newer=True, clm_dates=dates, salesforce_dates=dates, today=TODAY, editors=who,
            clm_editors=who,
        )  # fmt: skip
