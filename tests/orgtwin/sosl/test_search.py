"""What a search finds, for whom, and how it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from tests.orgtwin.access.stage import Stage

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.org import Org
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.seed import administrator, integration_user, new_org
from orgtwin.soql import QueryResult
from orgtwin.sosl import search

CASES = ("searches.txt",)

_RECORDS = (
    ("Account", {"Name": "Acme Corp"}),
    ("Account", {"Name": "Beta-Acme"}),
    ("Account", {"Name": "Cargo 100%"}),
    ("Contact", {"LastName": "Acmeson", "Phone": "+1 555-0100"}),
    ("Contact", {"LastName": "Young", "Email": "jo@acme.example", "AccountId": "001TW0000000001YAA"}),
    ("Lead", {"LastName": "Doe", "Company": "Acme and Sons"}),
)


@pytest.fixture(scope="module")
def org() -> Org:
    made = new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    for sobject_type, values in _RECORDS:
        (result,) = made.dml.insert(administrator(made), sobject_type, [values])
        assert result.success
    return made


def shown(results: list[QueryResult]) -> str:
    """One line a record: its object and its value, a parent's value for a parent."""
    lines = []
    for row in (row for result in results for row in result.rows):
        (value,) = row.values.values()
        lines.append(f"{row.sobject_type} {next(iter(getattr(value, 'values', {0: value}).values()))}")
    return "\n".join(lines)


def test_a_search(org: Org, given: str, expected: str) -> None:
    assert shown(search(org, administrator(org), given)) == expected


_REFUSALS = (
    ("FIND {a}", "INVALID_SEARCH: search term must be longer than one character: a"),
    ("FIND {a*}", "INVALID_SEARCH: search term must be longer than one character: a*"),
    ("FIND {}", "MALFORMED_SEARCH: No search term found. The search term must be enclosed in braces."),
    ("FIND acme", "MALFORMED_SEARCH: No search term found. The search term must be enclosed in braces."),
    ("FIND {(acme}", "MALFORMED_SEARCH: a parenthesis of the search term is not closed"),
    ("FIND {acme)}", "MALFORMED_SEARCH: the parentheses of the search term are not balanced: acme)"),
    ("FIND {acme OR}", "MALFORMED_SEARCH: a word is expected behind the last operator of the search term"),
    (f"FIND {{{'(' * 51}acme}}", "MALFORMED_SEARCH: the search term nests more than 50 parentheses"),
    ("FIND {acme} LIMIT 2001", "MALFORMED_SEARCH: LIMIT must be at most 2000"),
    (
        "FIND {acme} IN SOME FIELDS",
        "MALFORMED_SEARCH: \nFIND {acme} IN SOME FIELDS\n               ^\nERROR at Row:1:Column:16\n"
        "unexpected token: IN takes ALL, NAME, EMAIL, PHONE, SIDEBAR and FIELDS",
    ),
    (
        "FIND {acme} RETURNING Account(Name",
        "MALFORMED_SEARCH: \nFIND {acme} RETURNING Account(Name\n                                 ^\nERROR at Row:1:Column:34\n"
        "unexpected token: '<EOF>'",
    ),
    (
        "FIND {acme} RETURNING Account(Nope)",
        "INVALID_FIELD: \nFIND {acme} RETURNING Account(Nope)\n                      ^\nERROR at Row:1:Column:23\n"
        "No such column 'Nope' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after "
        "the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
    ),
    (
        "FIND {acme} RETURNING Profile",
        "INVALID_TYPE: \nFIND {acme} RETURNING Profile\n                      ^\nERROR at Row:1:Column:23\n"
        "entity type Profile does not support search",
    ),
)


@pytest.mark.parametrize(("text", "message"), _REFUSALS, ids=[text[:40] for text, _ in _REFUSALS])
def test_a_search_that_is_not_right_is_refused(org: Org, text: str, message: str) -> None:
    with pytest.raises(SalesforceError) as refused:
        search(org, administrator(org), text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("clause", "what"),
    [
        ("WITH SNIPPET", "WITH SNIPPET of SOSL"),
        ("WITH DATA CATEGORY Geography__c AT asia__c", "WITH DATA of SOSL"),
        ("UPDATE TRACKING", "UPDATE TRACKING of SOSL"),
        ("RETURNING Account(Id USING ListView=Mine)", "USING ListView of SOSL"),
    ],
)
def test_what_the_twin_does_not_do_it_refuses_by_name(org: Org, clause: str, what: str) -> None:
    with pytest.raises(Unsupported, match=f"orgtwin does not emulate {what}"):
        search(org, administrator(org), f"FIND {{acme}} {clause}")


def test_binds_stand_for_the_words_and_in_the_filters(org: Org) -> None:
    text = "FIND :word RETURNING Account(Name WHERE Name = :name) LIMIT :most"
    found = search(org, administrator(org), text, {"word": "acme", "Name": "Beta-Acme", "most": 5})
    assert shown(found) == "Account Beta-Acme"


def test_a_search_beyond_4000_characters_joins_its_words_by_or(org: Org) -> None:
    words = " AND ".join(["corp", "cargo", *["nothing"] * 600])
    assert shown(search(org, administrator(org), f"FIND {{{words}}} RETURNING Account(Name)")) == (
        "Account Acme Corp\nAccount Cargo 100%"
    )


def test_a_search_beyond_10000_characters_finds_nothing(org: Org) -> None:
    text = f"FIND {{acme {'x' * 10_000}}} RETURNING Account(Name)"
    assert shown(search(org, administrator(org), text)) == ""


# ---- for whom


def test_a_search_looks_at_readable_fields_of_readable_objects(org: Org) -> None:
    robot = integration_user(org)
    assert search(org, robot, "FIND {acme}") == []
    with pytest.raises(SalesforceError, match="sObject type 'Account' is not supported"):
        search(org, robot, "FIND {acme} RETURNING Account(Id)")
    in_code = replace(robot, access_level=AccessLevel.SYSTEM_MODE)
    assert shown(search(org, in_code, "FIND {corp} RETURNING Account(Name)")) == "Account Acme Corp"


def test_words_of_a_field_that_the_caller_cannot_read_are_not_found() -> None:
    stage = Stage()
    stage.make(
        "Contract", "contract", AccountId=stage.make("Account", "acme", Name="Acme"), Description="secret clause"
    )
    (profile,) = stage.org.table("PermissionSet").find("ProfileId", stage.profile)
    text = "FIND {secret} RETURNING Contract(Id)"
    assert len(search(stage.org, stage.caller("owner"), text)[0].rows) == 1
    granted = stage.org.table("FieldPermissions")
    name_of = granted.reader("Field")
    (row,) = [r for r in granted.find("ParentId", profile[0]) if name_of(r) == "Contract.Description"]
    assert stage.org.dml.delete(stage.admin, [str(row[0])])[0].success
    assert search(stage.org, stage.caller("owner"), text)[0].rows == []


def test_sharing_hides_what_is_found() -> None:
    stage = Stage()
    stage.set_defaults({"Account": "Private"})
    stage.make("Account", "acme", Name="Acme", OwnerId=stage.ids["owner"])
    found = {
        person: len(search(stage.org, stage.caller(person), "FIND {acme}")) for person in ("owner", "boss", "peer")
    }
    assert found == {"owner": 1, "boss": 1, "peer": 0}
    bound = Caller(stage.ids["peer"], AccessLevel.WITH_SHARING)
    assert search(stage.org, bound, "FIND {acme}") == []
    everything = Caller(stage.ids["peer"], AccessLevel.SYSTEM_MODE)
    shown = {
        mode: len(search(stage.org, everything, f"FIND {{acme}} RETURNING Account(Name) WITH {mode}")[0].selected)
        for mode in ("SYSTEM_MODE", "USER_MODE")
    }
    assert shown == {"SYSTEM_MODE": 1, "USER_MODE": 0}


# ---- whatever is sent

_PIECES = st.sampled_from(
    [
        *(
            "FIND",
            "{",
            "}",
            "acme",
            "*",
            "?",
            "(",
            ")",
            '"',
            "AND",
            "OR",
            "NOT",
            "\\",
            "IN",
            "ALL",
            "FIELDS",
            "RETURNING",
        ),
        *("Account", ",", "(Name)", "WHERE", "LIMIT", "1", "WITH", "'", ":x", " ", "\n", "é", "东京", "\x00"),
    ]
)
_CODES = (
    *(
        "answered",
        "MALFORMED_SEARCH",
        "INVALID_SEARCH",
        "MALFORMED_QUERY",
        "INVALID_FIELD",
        "INVALID_TYPE",
        "TWIN_UNSUPPORTED",
    ),
    "INVALID_QUERY_FILTER_OPERATOR",
)


def outcome_of(org: Org, text: str) -> str:
    try:
        results = search(org, administrator(org), text)
    except SalesforceError as refusal:
        return refusal.code
    return "answered" if all(result.total_size == len(result.selected) for result in results) else "miscounted"


@drawn(st.one_of(st.lists(_PIECES, max_size=30).map(" ".join), st.lists(_PIECES, max_size=20).map("".join)))
def test_any_text_is_answered_or_refused(org: Org, text: str) -> None:
    assert outcome_of(org, f"FIND {text}") in _CODES


@drawn(st.text(st.sampled_from("ab*?"), min_size=2, max_size=60))
def test_any_mix_of_letters_and_wildcards_is_a_word(org: Org, word: str) -> None:
    assert outcome_of(org, f"FIND {{{word}}} RETURNING Account(Name)") in ("answered", "INVALID_SEARCH")
