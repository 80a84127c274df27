import re
from importlib import resources
from pathlib import Path

import pytest

from clmkit.clients.outcomes import (
    MISSING_PARENT,
    NOT_THE_INTEGRATION,
    OUTCOMES,
    SECOND_MEANINGS,
    UNKNOWN,
    Action,
    outcome_of,
)
from orgtwin.faults.catalogue import FAULTS, Effect, Fault

ROOT = Path(__file__).parents[3]


def test_every_code_has_a_reason_that_is_a_sentence() -> None:
    reasons = {outcome.reason for outcome in OUTCOMES.values()}
    assert [reason for reason in reasons if not (reason[0].isupper() and reason.endswith("."))] == []


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("UNABLE_TO_LOCK_ROW", Action.RETRY),
        ("DUPLICATE_VALUE", Action.REBASE),
        ("MULTIPLE_CHOICES", Action.PARK),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Action.PARK),
        ("FAILED_ACTIVATION", Action.PARK),
        ("REQUEST_LIMIT_EXCEEDED", Action.STOP),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", Action.STOP),
        ("TWIN_UNSUPPORTED", Action.STOP),
        ("revision_mismatch", Action.REBASE),
        ("unavailable", Action.RETRY),
        ("insufficient_storage", Action.STOP),
    ],
)
def test_a_code_leads_to_its_action(code: str, action: Action) -> None:
    assert outcome_of(code).action is action


NOT_FOR_THE_SYNC = {"fault_without_effect", "unknown_fault", "missing_columns"}
"""Answers of addresses that the sync does not use: faults and imports."""


def test_every_code_of_the_clm_has_its_outcome() -> None:
    told = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)": ', (ROOT / "tools/clmtwin/problem.py").read_text()))
    assert told
    assert told - set(OUTCOMES) == NOT_FOR_THE_SYNC


def test_every_status_code_of_salesforce_has_its_outcome() -> None:
    """StatusCode as the WSDL of the Metadata API lists it, which simple-salesforce ships."""
    wsdl = resources.files("simple_salesforce").joinpath("metadata.wsdl").read_text("utf-8")
    listed = wsdl.partition('<xsd:simpleType name="StatusCode">')[2].partition("</xsd:simpleType>")[0]
    told = set(re.findall(r'enumeration value="(\w+)"', listed))
    assert len(told) > 500
    assert told - set(OUTCOMES) == set()


def test_every_code_and_status_that_salesforce_publishes_beside_it_has_its_outcome() -> None:
    lines = (Path(__file__).parent / "salesforce_codes.txt").read_text("utf-8").splitlines()
    told = {code for line in lines if not line.startswith("#") for code in line.split()}
    assert {"API_DISABLED_FOR_ORG", "NOT_FOUND", "HTTP_420"} <= told
    assert told - set(OUTCOMES) == set()


@pytest.mark.parametrize("wsdl", ["partner", "tooling", "metadata"])
def test_every_code_of_the_wsdls_that_the_sf_cli_carries_has_its_outcome(wsdl: str) -> None:
    """Newer ones than the list above, as soon as the CLI is."""
    text = (ROOT / ".node/node_modules/@salesforce/types/lib" / f"{wsdl}.d.ts").read_text("utf-8")
    kinds = re.findall(r"export type (?:StatusCode|ExceptionCode) = ([^;]+);", text)
    told = {code for kind in kinds for code in re.findall(r"'(\w+)'", kind)}
    assert len(told) > 500
    assert told - set(OUTCOMES) == set()


NO_CODES = {
    *("FISCAL_QUARTER", "FISCAL_YEAR", "USER_MODE", "START_ARRAY", "START_OBJECT"),
    *("DUPLICATE_DETECTION_MATCH_INVOCATION_SUMMARY", "DUPLICATE_DETECTION_RULE_INVOCATION"),
    *("VALIDATION_ERROR", "VALIDATION_RULE"),
}
"""Words of queries, of the JSON parser's texts and of debug logs in the same form."""


def test_every_code_that_the_org_twin_answers_has_its_outcome() -> None:
    places = [
        ROOT / "tools/orgtwin" / name
        for name in ("http", "records", "soql", "access", "faults", "apex/library/objects.py")
    ]
    sources = [path for place in places for path in ([place] if place.is_file() else place.rglob("*.py"))]
    codes = r'"([A-Z]+(?:_[A-Z]+)+)"(?=, [f"]|,$)'
    told = {code for path in sources for code in re.findall(codes, path.read_text("utf-8"), re.MULTILINE)}
    assert {"UNABLE_TO_LOCK_ROW", "DUPLICATE_VALUE"} & told
    mine = {code for code in told if not code.startswith(("VALUE_", "GAP_", "TWIN_", "SF_", "ORGTWIN_"))}
    assert mine - set(OUTCOMES) - NO_CODES == set()


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS.values() if one.effect is Effect.REFUSE], ids=lambda one: one.name
)
def test_every_refusal_that_the_org_twin_can_be_told_to_make_has_its_outcome(fault: Fault) -> None:
    code = fault.row_error.status_code if fault.row_error is not None else fault.refusal().code
    assert code in OUTCOMES


def test_every_problem_that_the_clm_twin_answers_before_it_looks_has_its_outcome() -> None:
    app = (ROOT / "tools/clmtwin/http/app.py").read_text("utf-8")
    armed = set(re.findall(r'Problem\(\s*"([a-z_]+)"', app))
    assert {"unavailable", "rate_limited", "unauthorized"} <= armed
    assert armed - set(OUTCOMES) == set()


def test_no_code_stands_in_two_places() -> None:
    text = resources.files("clmkit.clients").joinpath("further_codes.txt").read_text("utf-8")
    listed = [code for line in text.splitlines() if line.startswith(" ") for code in line.split()]
    assert len(listed) == len(set(listed))
    source = (ROOT / "tools/clmkit/clients/outcomes.py").read_text("utf-8")
    assert [code for code in listed if f'    "{code}": Outcome' in source] == []


def test_a_code_that_nobody_knows_waits_for_a_person() -> None:
    assert outcome_of("BRAND_NEW_CODE") is UNKNOWN


def test_a_foreign_key_that_is_not_found_is_a_missing_record_and_no_mapping_alarm() -> None:
    text = "Foreign key external ID: PTY-1 not found for field CLM_Party_Id__c in entity Account"
    assert outcome_of("INVALID_FIELD", text) is MISSING_PARENT
    assert outcome_of("INVALID_FIELD", "No such column 'X' on sobject of type Contract").action is Action.STOP


@pytest.mark.parametrize(
    ("text", "action", "reason"),
    [
        ("CLM_STALE: revision 4 is older than revision 5, which this record already holds.", Action.REBASE,
         "Salesforce already holds a newer revision than this one."),
        ("CLM_OWNED: Title comes from the CLM. Change it there, or ask Legal operations.", Action.STOP,
         NOT_THE_INTEGRATION.reason),
        ("CLM_KEYED: only the CLM integration creates records that have a CLM key.", Action.STOP,
         NOT_THE_INTEGRATION.reason),
        ("CLM_NOT_PUBLISHED: the CLM could not be told of this change (LIMIT_EXCEEDED). Try again.", Action.RETRY,
         "The org could not publish the change event of this save."),
        ("Value needs a signature", Action.PARK, "A validation rule of the org refuses the contract."),
    ],
)  # fmt: skip
def test_the_generated_triggers_are_understood_by_what_they_say(text: str, action: Action, reason: str) -> None:
    outcome = outcome_of("FIELD_CUSTOM_VALIDATION_EXCEPTION", text)
    assert (outcome.action, outcome.reason) == (action, reason)


def test_every_refusal_of_the_generated_triggers_has_its_outcome() -> None:
    said = set(re.findall(r"'(CLM_[A-Z_]+:)", (ROOT / "force-app/generated/classes/CLM_Messages.cls").read_text()))
    assert said
    assert said - {text for code, text in SECOND_MEANINGS if code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"} == set()
