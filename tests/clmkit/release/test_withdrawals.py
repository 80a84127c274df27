"""What leaves an org with a release: what the generator made and the mapping no longer makes, and nothing else."""

from __future__ import annotations

import pytest
from tests.clmkit.release.specs import resolved, written

from clmkit.clients.errors import Unexpected
from clmkit.codegen.made import plan_made
from clmkit.codegen.mdapi import Component, convert_source
from clmkit.codegen.names import banner
from clmkit.release.components import Components, Key
from clmkit.release.made import is_record, parse_record
from clmkit.release.withdrawals import find_orphans, find_withdrawn, order_withdrawal, render_withdrawal

SPEC = resolved(written())
MARK = banner(SPEC)
BASE = Key("ApexClass", "CLM_DealRulesBase")
MADE: dict[str, tuple[Key, dict[str, str]]] = {
    "a class with the banner": (BASE, {"source": f"/** {MARK} */ public class CLM_DealRulesBase {{}}"}),
    "a flow with the banner": (Key("Flow", "CLM_Reminder"), {"description": f"Reminds. {MARK}"}),
    "a record of the field map": (Key("CustomMetadata", "CLM_Field_Map.Contract_gone"), {"label": "Contract gone"}),
    "a class that was written once": (
        Key("ApexClass", "CLM_DealRules"),
        {"source": "public class CLM_DealRules extends CLM_DealRulesBase {}"},
    ),
    "an action whose class goes": (
        Key("CustomMetadata", "CLM_Trigger_Action.Deal_Rules"),
        {"values[Apex_Class__c].value": "CLM_DealRules"},
    ),
}
OTHERS: dict[str, tuple[Key, dict[str, str]]] = {
    "somebody's class": (Key("ApexClass", "CLM_Mine"), {"source": "public class CLM_Mine {}"}),
    "another mapping's class": (
        Key("ApexClass", "CLM_Other"),
        {"source": f"/** {MARK.replace(SPEC.name, 'suppliers')} */ public class CLM_Other {{}}"},
    ),
    "somebody's action": (
        Key("CustomMetadata", "CLM_Trigger_Action.Mine"),
        {"values[Apex_Class__c].value": "CLM_Mine"},
    ),
    "a field with values": (Key("CustomField", "Contract.CLM_Gone__c"), {"description": f"Gone. {MARK}"}),
    "an object with records": (Key("CustomObject", "CLM_Gone__c"), {"description": f"Gone. {MARK}"}),
    "a queue with tasks": (Key("Queue", "CLM_Sales_Ops"), {"name": "Sales operations"}),
    "a label of unknown origin": (Key("CustomLabel", "CLM_Gone"), {"value": "gone"}),
}
ORG: Components = dict((*MADE.values(), *OTHERS.values()))


@pytest.mark.parametrize("name", MADE)
def test_what_the_generator_made_goes(name: str) -> None:
    assert MADE[name][0] in find_withdrawn(SPEC, ORG, {}, ())


@pytest.mark.parametrize("name", OTHERS)
def test_what_holds_values_or_is_of_others_stays(name: str) -> None:
    assert OTHERS[name][0] not in find_withdrawn(SPEC, ORG, {}, ())


def test_what_the_mapping_before_made_goes_unless_it_holds_values() -> None:
    everything = [key for key, _ in OTHERS.values()]
    found = find_withdrawn(SPEC, dict(OTHERS.values()), {}, everything)
    assert {key.metadata_type for key in found} == {"ApexClass", "CustomLabel", "CustomMetadata"}


def test_what_the_project_holds_stays_in_whatever_letters_its_name_is_written() -> None:
    built: Components = {Key("ApexClass", "clm_dealrulesBASE"): {}}
    assert find_withdrawn(SPEC, dict([MADE["a class with the banner"]]), built, ()) == frozenset()


def test_a_class_of_the_project_whose_base_goes_is_named() -> None:
    heir, elements = MADE["a class that was written once"]
    assert find_orphans({heir: elements}, [BASE]) == ((heir, "CLM_DealRulesBase"),)
    assert find_orphans({heir: elements}, []) == ()


def test_what_takes_one_of_few_places_goes_before_the_new_parts_and_flows_in_no_deploy() -> None:
    member, rule = Key("PlatformEventChannelMember", "CLM_Changes_chn"), Key("DuplicateRule", "Account.CLM_Key")
    flow = Key("Flow", "CLM_Reminder")
    withdrawal = order_withdrawal([flow, member, BASE, rule])
    assert (withdrawal.first, withdrawal.last, withdrawal.flows) == ((rule, member), (BASE,), (flow,))
    files = render_withdrawal(withdrawal, "66.0")
    assert {name: b"CLM_DealRulesBase" in content for name, content in files.items()} == {
        "destructiveChangesPre.xml": False,
        "destructiveChangesPost.xml": True,
    }
    assert not any(b"CLM_Reminder" in content for content in files.values())
    assert render_withdrawal(order_withdrawal([flow]), "66.0") == {}


def test_a_platform_event_goes_with_its_fields_in_one_deletion() -> None:
    event = Key("CustomObject", "CLM_Told__e")
    field = Key("CustomField", "CLM_Told__e.Key__c")
    found = find_withdrawn(SPEC, {event: {"description": MARK}, field: {"type": "Text"}}, {}, ())
    assert found == {event, field}
    assert order_withdrawal(found).keys == (event,)


def test_what_was_made_is_read_back_from_every_list_of_the_mapping_that_the_org_holds() -> None:
    made = [Component("CustomLabel", "CLM_Gone"), Component("Layout", "Contract-CLM Layout")]
    lists = [plan_made(SPEC, made[:count]) for count in (1, 2)]
    source = {file.path: file.render() for files in lists for file in files}
    package = convert_source(source, "66.0")
    names = [component.full_name for component in package.components]
    assert [is_record(name, SPEC.name) for name in (*names, f"clmkit_Made_{SPEC.name}_x")] == [True, True, False]
    assert {key for name in names for key in parse_record(name, SPEC.name, package.files)} == {
        *(Key(one.metadata_type, one.full_name) for one in (*made, *package.components))
    }


def test_a_list_of_another_mapping_says_nothing_and_one_that_does_not_read_stops_the_plan() -> None:
    name = f"clmkit_Made_{SPEC.name}_0123abcd"
    path = f"staticresources/{name}.resource"
    assert parse_record(name, SPEC.name, {path: b'{"spec": "other", "made": {"Layout": ["L"]}}'}) == frozenset()
    with pytest.raises(Unexpected) as caught:
        parse_record(name, SPEC.name, {path: b"[]"})
    assert str(caught.value).startswith(f"StaticResource {name}: is not as clmkit wrote it; ")
