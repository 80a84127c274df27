"""What leaves the spec can leave the org: the delete package, alone and on an org."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.clmkit.codegen.specs import SPECS
from tests.clmkit.codegen.test_round_trip import VERSION, running_org

from clmkit.cli.main import main
from clmkit.codegen.destructive import Removal, plan_removal
from clmkit.codegen.mdapi import Component, convert_source
from clmkit.codegen.plan import Plan
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_bytes
from clmkit.release.org_access import OrgAccess, open_org

FULL = SPECS["everything"]
PHONE = "      phone: {clm: phone, field: Phone__c, type: phone, tags: [personal], description: A value.}\n"
FAX = "        fax: {label: Fax, for: [FAX], active: false}\n"
AREA = "field: Area__c, type: text_area"


def plan_of(text: str) -> Plan:
    loaded = load_bytes(text.encode(), "everything.yml")
    assert loaded.spec is not None, loaded.errors
    return plan_project(loaded.spec)


def without(*parts: str) -> str:
    text = FULL
    for part in parts:
        assert part in text
        text = text.replace(part, "")
    return text


def removal(text: str) -> Removal:
    return plan_removal(plan_of(FULL), plan_of(text))


def test_the_same_spec_removes_nothing() -> None:
    assert removal(FULL) == Removal((), (), ())
    assert removal(FULL).render(VERSION) == {}


def test_a_dropped_field_goes_after_the_deploy_with_its_record_of_the_field_map() -> None:
    assert removal(without(PHONE)) == Removal(
        before=(),
        after=(
            Component("CustomField", "ACME_Paper__c.Phone__c"),
            Component("CustomMetadata", "ACME_Field_Map.Paper_phone"),
        ),
        by_hand=(),
    )


def test_a_field_of_another_type_goes_before_the_deploy_that_brings_it_back() -> None:
    changed = FULL.replace(AREA, "field: Area__c, type: url")
    assert removal(changed) == Removal((Component("CustomField", "ACME_Paper__c.Area__c"),), (), ())


def test_a_record_type_is_left_for_a_hand() -> None:
    assert removal(without(FAX)).by_hand == (Component("RecordType", "ACME_Folder__c.ACME_Fax"),)


def test_a_flow_is_left_for_a_hand_because_a_deploy_deletes_none() -> None:
    shipped = SPECS["shipped"]
    without_renewal = re.sub(r"(?ms)^renewal:.*?(?=^\w)", "", shipped)
    left = plan_removal(plan_of(shipped), plan_of(without_renewal))
    flows = [one.full_name for one in left.by_hand if one.metadata_type == "Flow"]
    assert "CLM_Contract_Renewal_Reminder" in flows
    assert not [one for one in left.after if one.metadata_type == "Flow"]


def test_a_dropped_object_takes_its_fields_along() -> None:
    shipped = SPECS["shipped"]
    after = plan_removal(plan_of(shipped), plan_of(shipped[: shipped.index("\n  envelope:\n")])).after
    assert Component("CustomObject", "CLM_Envelope__c") in after
    assert {one.metadata_type for one in after if "CLM_Envelope__c" in one.full_name} == {
        "CustomObject",
        "CustomTab",
        "Layout",
    }
    assert Component("ApexTrigger", "CLM_EnvelopeTrigger") in after


def test_the_command_writes_the_package_and_says_what_goes(tmp_path: Path) -> None:
    (tmp_path / "old.yml").write_text(FULL)
    (tmp_path / "new.yml").write_text(without(PHONE, FAX).replace(AREA, "field: Area__c, type: url"))
    out = tmp_path / "out"
    command = ["removals", str(tmp_path / "old.yml"), "--spec", str(tmp_path / "new.yml"), "--out", str(out)]
    done = CliRunner().invoke(main, command)
    assert (done.exit_code, done.output.splitlines()) == (
        1,
        [
            "delete before the deploy: CustomField ACME_Paper__c.Area__c",
            "delete after the deploy: CustomField ACME_Paper__c.Phone__c",
            "delete after the deploy: CustomMetadata ACME_Field_Map.Paper_phone",
            "by hand: RecordType ACME_Folder__c.ACME_Fax: the API deletes none: move its records to another type, then delete "
            "it in Setup",
            f"{out}: 3 components to delete",
        ],
    )
    files = ["destructiveChangesPost.xml", "destructiveChangesPre.xml", "package.xml"]
    assert sorted(path.name for path in out.iterdir()) == files
    again = CliRunner().invoke(main, [*command[:1], str(tmp_path / "new.yml"), *command[2:]])
    assert (again.exit_code, again.output, list(out.iterdir())) == (0, "nothing left the mapping\n", [])


def test_a_revision_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "new.yml").write_text(FULL)
    done = CliRunner().invoke(main, ["removals", "no-such-ref", "--spec", str(tmp_path / "new.yml")])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


async def replay(access: OrgAccess, *packages: Mapping[str, bytes]) -> tuple[list[str], list[set[str]]]:
    """Deploy one package after the other: the verdict on each, and the fields that the org then has of those two."""
    states, held = [], []
    async with open_org(access, VERSION) as clients:
        for files in packages:
            started = await clients.metadata.start_deploy(files, check_only=False)
            result = await clients.metadata.wait_for_deploy(started)
            states.append(f"{result.status} {result.failures}")
            listed = await clients.metadata.list_components(["CustomField"])
            held.append({one.full_name for one in listed} & {"ACME_Paper__c.Phone__c", "ACME_Paper__c.Mail__c"})
    return states, held


@pytest.mark.e2e
def test_an_org_loses_what_left_the_spec_and_nothing_else(tmp_path: Path) -> None:
    old, new = plan_of(FULL), plan_of(without(PHONE))
    first, second = (convert_source(plan.render(), VERSION).files for plan in (old, new))
    with running_org(tmp_path / "ready.json") as access:
        states, held = asyncio.run(replay(access, first, second, plan_removal(old, new).render(VERSION)))
    assert states == ["Succeeded ()"] * 3
    both = {"ACME_Paper__c.Phone__c", "ACME_Paper__c.Mail__c"}
    assert held == [both, both, {"ACME_Paper__c.Mail__c"}]
