"""`clmkit explain` as a person runs it: every code of the product, from one registry."""

from __future__ import annotations

import json
import re

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from clmkit.cli.codes import FAMILIES, all_codes
from clmkit.cli.main import main
from clmkit.clients.outcomes import OUTCOMES
from clmkit.mapping.reading import PAGES
from clmkit.mapping.rules import all_rules
from clmkit.release.changes import RULES


def explain(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["explain", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_finding_is_told_with_the_law_and_both_examples() -> None:
    code, told, _ = explain("map801")
    assert code == 0
    assert told.startswith("MAP801\n\nA mapped end date requires that Salesforce does not calculate it.\n")
    assert "\nBad:\n" in told
    assert "\nGood:\n" in told


TOLD = {
    "rel213": (
        "REL213\n\nField holds less than before.\n\n"
        "Place:    beside the object, field or value that changed, in the mapping or in the org\n"
        "Class:    DATA; asks for a MAJOR version\n"
        "Cause:    values that are longer than the new measure would be cut or refused\n"
        "Org says: STRING_TOO_LONG; data value too large\n"
        "Fix:      `clmkit plan` counts the records; export or shorten their values first\n"
    ),
    "revision_mismatch": (
        "revision_mismatch\n\nThe agreement was changed in the CLM in the meantime.\n\n"
        "Place:    the answer to a request of the sync: `clmkit sync dead-letters`, the log, the audit chain\n"
        "Cause:    The agreement was changed in the CLM in the meantime.\n"
        "Sync:     Both sides are read again, and the row is decided anew.\n"
        "Fix:      Nothing.\n"
    ),
    "CLM_STALE": (
        "CLM_STALE\n\nSalesforce already holds a newer revision than this one.\n\n"
        "Place:    a message of FIELD_CUSTOM_VALIDATION_EXCEPTION: the trigger of a mapped object\n"
        "Cause:    Salesforce already holds a newer revision than this one.\n"
        "Sync:     Both sides are read again, and the row is decided anew.\n"
        "Fix:      Nothing.\n"
    ),
    "gone": (
        "gone\n\nOnly Salesforce still has the row.\n\n"
        "Place:    `clmkit sync dead-letters`, `clmkit sync status`, alerts\n"
        "Cause:    The CLM no longer has it, and the sync deletes nothing.\n"
        "Fix:      Delete the record in Salesforce, or bring the row back in the CLM.\n"
    ),
}


@pytest.mark.parametrize("code", TOLD)
def test_a_code_is_told_with_its_place_its_cause_and_what_to_do(code: str) -> None:
    assert explain(code) == (0, TOLD[code], "")


def test_nothing_that_the_product_tells_is_without_a_page() -> None:
    told = {*PAGES, *(rule.code for rule in all_rules()), *(rule.code for rule in RULES.values()), *OUTCOMES}
    assert {code for code in told if code.casefold() not in all_codes()} == set()
    assert len({found.code.casefold() for found in all_codes().values()}) == len(all_codes()) >= len(told)
    short = [found.code for found in all_codes().values() if not re.search(r"\n(Fix|Good): |\n\n.", found.page)]
    assert short == []


def test_the_list_is_a_table_a_family_or_those_that_begin_alike() -> None:
    code, told, _ = explain("--list")
    assert code == 0
    headings = [line for line in told.splitlines() if line and not line.startswith(" ")]
    assert headings == [f"{family[0].upper()}{family[1:]}" for family in FAMILIES]
    assert explain("--list", "clm_not") == (
        0,
        "What generated Apex refuses or reports, by the first word of its message\n\n"
        "  CLM_NOT_PUBLISHED  retry  The org could not publish the change event of this save.\n"
        "  CLM_NOT_RENEWED    park   The org could not save the renewal opportunities of this save.\n\n",
        "",
    )
    assert json.loads(explain("--list", "gone", "--json")[1]) == {
        "gone": {
            "family": "what waits for a person: `clmkit sync dead-letters`",
            "deed": "park",
            "title": "Only Salesforce still has the row.",
        }
    }


def test_an_unknown_code_names_the_nearest_one() -> None:
    assert explain("UNABLE_TO_LOCK_ROWS") == (
        2,
        "",
        "clmkit explain: nothing has the code UNABLE_TO_LOCK_ROWS; do you mean UNABLE_TO_LOCK_ROW?\n",
    )
    assert explain() == (
        2,
        "",
        "clmkit explain: nothing has the code (none given); `clmkit explain --list` lists them all\n",
    )


def test_the_shell_completes_a_code() -> None:
    shell = BashComplete(main, {}, "clmkit", "_CLMKIT_COMPLETE")
    assert [item.value for item in shell.get_completions(["explain"], "rel22")] == ["REL221", "REL222", "REL223"]
