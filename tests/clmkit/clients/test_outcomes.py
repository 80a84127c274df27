import pytest

from clmkit.clients.outcomes import MISSING_PARENT, OUTCOMES, UNKNOWN, Action, outcome_of


@pytest.mark.parametrize("code", OUTCOMES)
def test_every_code_has_a_reason_that_is_a_sentence(code: str) -> None:
    reason = OUTCOMES[code].reason
    assert reason[0].isupper()
    assert reason.endswith(".")


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
    ],
)
def test_a_code_leads_to_its_action(code: str, action: Action) -> None:
    assert outcome_of(code).action is action


def test_a_code_that_nobody_knows_waits_for_a_person() -> None:
    assert outcome_of("BRAND_NEW_CODE") is UNKNOWN


def test_a_foreign_key_that_is_not_found_is_a_missing_record_and_no_mapping_alarm() -> None:
    text = "Foreign key external ID: PTY-1 not found for field CLM_Party_Id__c in entity Account"
    assert outcome_of("INVALID_FIELD", text) is MISSING_PARENT
    assert outcome_of("INVALID_FIELD", "No such column 'X' on sobject of type Contract").action is Action.STOP
