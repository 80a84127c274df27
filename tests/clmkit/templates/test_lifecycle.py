"""Every template works: generated, deployed, loaded, lived through and reconciled on both twins."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from robot.run import run as run_robot
from tests.clmkit.templates.systems import AGREEMENTS, Systems, running

from clmkit.codegen.project import plan_project
from clmkit.codegen.robot import words
from clmkit.mapping.model import FieldMapping, State
from clmkit.templates.catalogue import TEMPLATES

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=TEMPLATES)
def systems(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    with running(TEMPLATES[request.param], tmp_path_factory.mktemp(request.param)) as both:
        yield both


def agreement_titled(systems: Systems, place: int) -> str:
    """The n-th agreement of the template's data that is still a draft."""
    drafts = [one["id"] for one in systems.clm.read_all("agreements") if one["stage"] == "DRAFT"]
    return str(drafts[place])


def test_every_agreement_arrives_with_its_rows_and_nothing_differs(systems: Systems) -> None:
    systems.sync()
    agreements = list(systems.clm.read_all("agreements"))
    assert len(agreements) == AGREEMENTS
    for mapping in systems.spec.objects:
        path = mapping.clm.removeprefix("agreements").removeprefix(".")
        if mapping.owner.value == "clm" and path not in ("", "signature"):
            assert systems.count(mapping.name) == sum(len(one[path]) for one in agreements), mapping.name
    report = systems.reconcile()
    assert (report.agreements, report.differences) == (AGREEMENTS, [])


def test_a_second_run_writes_nothing(systems: Systems) -> None:
    systems.sync()
    report = systems.sync()
    assert (report.pushed, report.patches, report.conflicts) == (0, 0, 0)


def sign(systems: Systems, agreement: str) -> None:
    """From draft to active, with a look at each side of the approval."""
    for stage in ("NEGOTIATION", "APPROVAL"):
        systems.clm.act(agreement, "transitions", {"to": stage})
    systems.sync()
    assert systems.contract_of(agreement)["StatusCode"] == "InApproval"
    approvals = systems.clm.act(agreement, "approvals", {"approver": "counsel@contracts.example"})["approvals"]
    systems.clm.act(agreement, f"approvals/{approvals[-1]['id']}", {"decision": "approved"})
    systems.clm.act(agreement, "envelopes")
    systems.clm.act(agreement, "envelopes/events", {"status": "completed"})
    systems.clm.act(agreement, "transitions", {"to": "ACTIVE"})
    systems.sync()
    assert systems.contract_of(agreement)["Status"] == "Activated"


def test_an_agreement_lives_from_draft_to_its_end_in_both_systems(systems: Systems) -> None:
    systems.sync()
    agreement = agreement_titled(systems, 0)
    sign(systems, agreement)
    systems.clm.act(agreement, "amendments", {"summary": "More of it", "effective": "2026-12-01", "changes": {}})
    systems.clm.act(agreement, "terminate", {"effective": "2027-01-31"})
    systems.sync()
    contract, states = systems.contract_of(agreement), {state.clm: state for state in _states(systems)}
    assert (contract["Status"], contract["StatusCode"]) == (states["TERMINATED"].status, "Activated")
    assert systems.reconcile().differences == []


def test_a_notice_that_was_given_in_the_clm_is_counted_on_the_contract(systems: Systems) -> None:
    systems.sync()
    agreement, header, renewal = agreement_titled(systems, 3), systems.spec.header, systems.spec.renewal
    assert header is not None
    assert renewal is not None
    sign(systems, agreement)
    counted = header.get_field(renewal.given).salesforce
    assert not systems.contract_of(agreement)[counted]
    systems.clm.act(agreement, "notices", {"kind": "termination", "by": "counterparty", "effective": "2031-01-31"})
    systems.sync()
    assert systems.contract_of(agreement)[counted] == 1
    assert systems.reconcile().differences == []


def test_an_owner_chosen_in_salesforce_reaches_the_clm_and_stays(systems: Systems) -> None:
    systems.sync()
    agreement = agreement_titled(systems, 1)
    owner = systems.salesforce.find("SELECT Id FROM User WHERE Email = 'owner3@contracts.example'")[0]["Id"]
    systems.salesforce.change("Contract", systems.contract_of(agreement)["Id"], {"OwnerId": owner})
    systems.sync()
    assert systems.clm.get(agreement)["business_owner"]["email"] == "owner3@contracts.example"
    assert systems.contract_of(agreement)["OwnerId"] == owner
    assert systems.reconcile().differences == []


def test_what_salesforce_computes_over_the_details_is_what_the_clm_holds(systems: Systems) -> None:
    systems.sync()
    header = systems.spec.header
    assert header is not None
    computed = [field for field in header.columns if field.type.roll_up is not None]
    assert computed
    for agreement in systems.clm.read_all("agreements"):
        contract = systems.contract_of(agreement["id"])
        for field in computed:
            assert contract[field.salesforce] == pytest.approx(_roll_up(systems, field, agreement)), field.name


def _roll_up(systems: Systems, field: FieldMapping, agreement: Mapping[str, Any]) -> float:
    """The roll-up over the CLM's own rows, with conditions read back through the value maps."""
    roll_up = field.type.roll_up
    assert roll_up is not None
    detail = systems.spec.find_object_of(roll_up.object)
    assert detail is not None
    columns = {one.salesforce: one for one in detail.columns}
    rows = agreement[detail.clm.partition(".")[2]]
    for condition in roll_up.where:
        column = columns[condition.field]
        words = {one.clm: one.salesforce for one in systems.spec.get_value_map(column.type.value_map).values}
        rows = [row for row in rows if words[row[column.clm]] in condition.values]
    return sum(float(row[columns[roll_up.field].clm]) for row in rows) if roll_up.field else len(rows)


def test_no_clause_leaves_the_clm(systems: Systems) -> None:
    systems.sync()
    for mapping in systems.spec.objects:
        columns = ", ".join(field.salesforce for field in mapping.columns)
        rows = systems.salesforce.find(f"SELECT {columns} FROM {mapping.salesforce}")
        assert "CANARY" not in str(rows)


def _states(systems: Systems) -> tuple[State, ...]:
    assert systems.spec.lifecycle is not None
    return systems.spec.lifecycle.states


def test_a_record_has_the_type_that_its_value_in_the_clm_chooses(systems: Systems) -> None:
    systems.sync()
    header = systems.spec.header
    assert header is not None
    names = {
        row["Id"]: row["DeveloperName"] for row in systems.salesforce.find("SELECT Id, DeveloperName FROM RecordType")
    }
    chosen = {value: kind.developer_name for kind in header.record_types for value in kind.clm}
    for agreement in systems.clm.read_all("agreements"):
        record_type = systems.contract_of(agreement["id"]).get("RecordTypeId")
        assert names.get(record_type or "") == chosen.get(agreement["contract_type"])


SUITE = """\
*** Settings ***
Resource    {resource}

*** Test Cases ***
The Generated Keywords Move An Agreement And Find Its Record
    {title} Should Stand At Draft    {key}
    Move {title} To Negotiation    {key}
    Sync
    {title} Should Stand At Negotiation    {key}
    Run Keyword And Expect Error    *{status} is*    {title} Should Stand At Draft    {key}
    {title} Should Not Exist    {key}-none
"""


def test_the_generated_robot_keywords_work_on_both_systems(systems: Systems) -> None:
    """Every keyword of the resource is known to Robot; those of the lifecycle run."""
    systems.sync()
    header = systems.spec.header
    assert header is not None
    name = f"{systems.spec.name}.resource"
    resource = plan_project(systems.spec).render()[f"generated/support/robot/{name}"]
    (systems.folder / name).write_bytes(resource)
    suite = systems.folder / "generated.robot"
    facts = {"title": words(header.name), "key": agreement_titled(systems, 2), "status": "Status"}
    suite.write_text(SUITE.format(resource=name, **facts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLMKIT_RUN", str(systems.folder))
        log = io.StringIO()
        failed = run_robot(str(suite), outputdir="NONE", output="NONE", log="NONE", report="NONE", stdout=log)
    assert failed == 0, log.getvalue()
