"""Every rule's page is true: Bad says what the page says, Good says nothing at all."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from clmkit.mapping.loader import Loaded
from clmkit.mapping.reading import PAGES
from clmkit.mapping.reference import CHAPTERS, parse_page
from clmkit.mapping.rules import Rule, all_rules

LoadFragment = Callable[[str], Loaded]
RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: f"{rule.code}-{rule.name}")


@RULES
def test_the_bad_example_of_a_rule_says_what_its_page_says(rule: Rule, load_fragment: LoadFragment) -> None:
    page = parse_page(rule.page)
    found = [finding for finding in load_fragment(page.bad).findings if finding.code == rule.code]
    assert (found[0].message, found[0].help) == page.says
    assert found[0].severity is rule.severity
    assert found[0].excerpt


@RULES
def test_the_good_example_of_a_rule_has_no_finding(rule: Rule, load_fragment: LoadFragment) -> None:
    loaded = load_fragment(parse_page(rule.page).good)
    assert [(finding.code, finding.message) for finding in loaded.findings] == []
    assert loaded.spec is not None


def test_the_small_valid_spec_has_no_finding(load_fragment: LoadFragment) -> None:
    assert load_fragment("").findings == ()


def test_codes_are_unique_and_belong_to_a_chapter() -> None:
    codes = [rule.code for rule in all_rules()] + list(PAGES)
    assert len(codes) == len(set(codes))
    assert {code[3] for code in codes} <= {*CHAPTERS, "0"}
    assert all(re.fullmatch(r"MAP[0-9]\d\d", code) for code in codes)


def test_at_least_sixty_rules_judge_a_spec() -> None:
    assert len(all_rules()) >= 60


@RULES
def test_a_page_begins_with_one_sentence(rule: Rule) -> None:
    law = parse_page(rule.page).law
    assert law.endswith(".")
    assert len(law) <= 132


ONE_COLUMN = "presentation: {objects: {line: {sections: {Sold: {fields: [product], right: [%s]%s}}}}}"


@pytest.mark.parametrize(("columns", "codes"), [(", columns: 1", ["MAP732"]), (", columns: 2", []), ("", [])])
def test_a_section_with_a_right_side_has_two_columns(
    columns: str, codes: list[str], load_fragment: LoadFragment
) -> None:
    findings = load_fragment(ONE_COLUMN % ("contract", columns)).findings
    assert [finding.code for finding in findings] == codes


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
@pytest.mark.parametrize("transform", ["duration_amount", "duration_in_months", "renewal_times"])
def test_a_transform_of_whole_numbers_takes_no_rounding(
    transform: str, rounding: str, load_fragment: LoadFragment
) -> None:
    kind = f"{{number: {{precision: 4, scale: 0, rounding: {rounding}}}}}"
    field = f"{{clm: notice, field: CLM_Notice__c, type: {kind}, transform: {transform}, description: Notice.}}"
    findings = load_fragment(f"objects: {{contract: {{fields: {{notice: {field}}}}}}}").findings
    assert [finding.code for finding in findings] == ["MAP247"]


@pytest.mark.parametrize(("source", "codes"), [("clm: notice, ", []), ("", ["MAP247"])])
def test_what_people_fill_takes_no_rounding(source: str, codes: list[str], load_fragment: LoadFragment) -> None:
    kind = "{number: {precision: 4, scale: 0, rounding: half_up}}"
    field = f"{{{source}field: CLM_Notice__c, type: {kind}, description: Notice.}}"
    findings = load_fragment(f"objects: {{contract: {{fields: {{notice: {field}}}}}}}").findings
    assert [finding.code for finding in findings] == codes
