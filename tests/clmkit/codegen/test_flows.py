"""The renewal reminder: when its paths run, what the flow scanner says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.clmkit.codegen.conftest import NODE, TOOLS, run

from clmkit.codegen.flows import reminder_body
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import Body, parse_component, render_component
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

SCAN = """
const { parse, scan } = require(process.argv[1]);
parse(process.argv.slice(2)).then((flows) => {
  const rows = scan(flows).flatMap((result) => result.ruleResults);
  const found = rows.filter((rule) => rule.occurs).flatMap((rule) => rule.details.map((it) => `${rule.ruleName}: ${it.name}`));
  console.log(JSON.stringify({ rules: rows.length, found }));
});
"""


@pytest.fixture(scope="module")
def everything() -> Spec:
    loaded = load_spec(Path(__file__).with_name("everything.yml"))
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


@pytest.fixture(scope="module")
def flow(everything: Spec) -> Body:
    files = plan_project(everything).render()
    return parse_component(files["generated/flows/ACME_Folder_Renewal_Reminder.flow-meta.xml"])[1]


def rows(value: object) -> list[Body]:
    found = value if isinstance(value, list) else [value]
    return [row for row in found if isinstance(row, Mapping)]


def test_reminders_come_before_the_last_day_for_notice_and_the_escalation_after_the_last_reminder(flow: Body) -> None:
    (start,) = rows(flow["start"])
    paths = [(path["offsetNumber"], path["recordField"], path["connector"]) for path in rows(start["scheduledPaths"])]
    assert paths == [
        ("-90", "ACME_Notice_By__c", {"targetReference": "Find_Reminder_Queue"}),
        ("-30", "ACME_Notice_By__c", {"targetReference": "Find_Reminder_Queue"}),
        ("-16", "ACME_Notice_By__c", {"targetReference": "Find_Open_Reminder"}),
    ]


def test_only_agreements_in_force_that_the_clm_knows_are_reminded_of(flow: Body) -> None:
    (start,) = rows(flow["start"])
    assert start["filterLogic"] == "and"
    assert [(row["field"], row["operator"], row["value"]) for row in rows(start["filters"])] == [
        ("ACME_Notice_By__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_Key__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_State__c", "EqualTo", {"stringValue": "Running"}),
    ]


def test_every_element_leads_to_one_that_is_there(flow: Body) -> None:
    kinds = ("actionCalls", "assignments", "decisions", "recordCreates", "recordLookups")
    elements = [row for kind in kinds for row in rows(flow.get(kind, []))]
    names = {str(row["name"]) for row in elements}
    assert len(names) == len(elements)
    assert set(targets([*elements, *rows(flow["start"])])) == names


def targets(value: object) -> list[str]:
    if isinstance(value, list):
        return [target for item in value for target in targets(item)]
    if not isinstance(value, Mapping):
        return []
    own = [str(value["targetReference"])] if "targetReference" in value else []
    return own + [target for inner in value.values() for target in targets(inner)]


@pytest.mark.node
def test_the_flow_scanner_finds_nothing(everything: Spec, tmp_path: Path) -> None:
    assert everything.header is not None
    assert everything.renewal is not None
    body = reminder_body(everything, everything.header, everything.renewal)
    assert scan(tmp_path, body) == {"rules": 22, "found": []}


@pytest.mark.node
def test_the_flow_scanner_finds_a_missing_fault_path(everything: Spec, tmp_path: Path) -> None:
    assert everything.header is not None
    assert everything.renewal is not None
    body = dict(reminder_body(everything, everything.header, everything.renewal))
    first, *others = rows(body["recordCreates"])
    body["recordCreates"] = [{k: v for k, v in first.items() if k != "faultConnector"}, *others]
    assert scan(tmp_path, body)["found"] == ["MissingFaultPath: Create_Reminder"]


def scan(folder: Path, body: Body) -> dict[str, object]:
    path = folder / "ACME_Folder_Renewal_Reminder.flow-meta.xml"
    path.write_text(render_component("Flow", body))
    done = run([NODE / "node", "-e", SCAN, TOOLS / "lightning-flow-scanner-core", path], folder)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer
