"""Which files a revert takes from the package directory."""

from __future__ import annotations

import pytest

from clmkit.codegen.xml import render_component
from clmkit.release.components import Key
from clmkit.release.drift import DriftError
from clmkit.release.revert import select_package

RULES = render_component("MatchingRules", {"matchingRules": [{"fullName": "Same_Name"}, {"fullName": "Same_Mail"}]})
SOURCE = {
    "generated/matchingRules/Account.matchingRule-meta.xml": RULES.encode(),
    "generated/tabs/CLM_Line__c.tab-meta.xml": render_component("CustomTab", {"motif": "Custom13: Box"}).encode(),
}


def test_a_file_of_many_components_comes_whole_for_one_of_them() -> None:
    package = select_package(SOURCE, [Key("MatchingRule", "Account.Same_Mail")], "66.0")
    assert sorted(package.files) == ["matchingRules/Account.matchingRule", "package.xml"]
    assert [one.full_name for one in package.components] == ["Account.Same_Mail", "Account.Same_Name", "Account"]


def test_a_component_that_no_file_holds_is_refused_by_name() -> None:
    with pytest.raises(DriftError) as refusal:
        select_package(SOURCE, [Key("MatchingRule", "Account.Other")], "66.0")
    assert str(refusal.value) == (
        "MatchingRule Account.Other: is in the org only; a release that retires it step by step deletes it, a revert does not"
    )
