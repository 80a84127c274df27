"""What people change in Setup of a deployed org is drift with its author, is adopted, and generated again as the org holds it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clmkit.release.interruptions import FILE, Small, running_twin
from tests.clmkit.release.setup_edits import Change, package, sets
from tests.clmkit.release.test_adopt import WHOLE
from tests.clmkit.release.test_adopt_pages import CASES, LINE, TITLE

from clmkit.clients.metadata_api import DeployResult
from clmkit.release.components import Key
from clmkit.release.org_access import open_org, read_access

pytestmark = pytest.mark.e2e
API_VERSION = "66.0"
SPEC = Path("mappings/contract.yml")
CLEAN = (0, "no drift: the org holds what the package directory says\n")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """A twin that holds what the template for subscriptions makes; the working directory is its project."""
    folder = tmp_path_factory.mktemp("adopt")
    with running_twin(folder / "ready.json") as ready, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        SPEC.parent.mkdir()
        SPEC.write_text(WHOLE["saas"]()[0], encoding="utf-8")
        small = Small(folder, ready, patch)
        small.write_session()
        assert small.clmkit("generate")[0] == 0
        small.plan_hash = json.loads(small.clmkit("plan", "--org", FILE, "--json")[1])["hash"]
        assert small.apply()[0] == 0
        small.ask("PUT", "twin/admin/snapshots/deployed")
        yield small


def edit_in_setup(edits: dict[Key, Change]) -> None:
    """Deploy the changed components, as a person in Setup saves them."""

    async def deploy() -> DeployResult:
        async with open_org(read_access(FILE), API_VERSION) as org:
            files = package("saas", edits, API_VERSION).files
            return await org.metadata.wait_for_deploy(await org.metadata.start_deploy(files, check_only=False))

    result = asyncio.run(deploy())
    assert result.is_success, result.failures


WAVES = [
    ["a column", "a report's column", "a tab", "a tab's motif", "a compact layout's order", "a section, and fields in it",
     "details above the panel"],
    ["two filters of one field, joined by or", "a report's groups and order", "a console", "a field less in the compact layout",
     "a field moved to the other column", "a field in the panel, a component beside it", "a list view that nobody wrote"],
]  # fmt: skip
MORE: dict[Key, Change] = {
    TITLE: sets(complianceGroup="PII;GDPR", securityClassification="Confidential"),
    LINE: sets(label="Position"),
}


def begin(small: Small) -> None:
    """The org and the mapping as they were after the first release."""
    small.ask("POST", "twin/admin/snapshots/deployed/restore")
    small.write_session()
    SPEC.write_text(WHOLE["saas"]()[0], encoding="utf-8")
    assert small.clmkit("generate")[0] == 0


@pytest.mark.parametrize("wave", range(len(WAVES)))
def test_what_changed_in_setup_is_drift_adopted_and_no_drift_any_more(small: Small, wave: int) -> None:
    begin(small)
    edits = {key: change for key, change, _, _ in map(CASES.__getitem__, WAVES[wave])} | (MORE if wave else {})
    edit_in_setup(edits)

    found = json.loads(small.clmkit("drift", "--org", FILE, "--json")[1])["items"]
    assert {item["component"] for item in found} == set(map(str, edits))
    assert {bool(item["changed_by"] and item["changed_at"]) for item in found} == {True}

    names = [word for item in found for word in ("--adopt", f"{item['code']} {item['subject']}")]
    code, output = small.clmkit("drift", "--org", FILE, *names)
    assert (code, output.splitlines()[-1]) == (
        0,
        "next: `clmkit generate`, then `clmkit plan`: what else follows from it",
    )
    assert small.clmkit("generate")[0] == 0
    assert small.clmkit("drift", "--org", FILE) == CLEAN


def test_a_value_that_leaves_the_mapping_stays_inactive_in_the_org_and_is_no_drift(small: Small) -> None:
    """No API deletes a value of a closed list."""
    begin(small)
    SPEC.write_text(WHOLE["saas"]()[0].replace(", voided: Voided", ""), encoding="utf-8")
    assert small.clmkit("generate")[0] == 0
    plan = json.loads(small.clmkit("plan", "--org", FILE, "--json")[1])
    record = small.folder / "docs" / "decisions" / "1-voided.md"
    record.parent.mkdir(parents=True)
    record.write_text("".join(f"Decides: {name}\n" for name in plan["undecided"]), encoding="utf-8")
    code, output = small.clmkit("apply", plan["hash"], "--org", FILE)
    assert code == 0, output
    assert small.clmkit("drift", "--org", FILE) == CLEAN


def test_the_first_release_is_taken_back_from_an_org_that_held_nothing_of_it(small: Small) -> None:
    """Contract statuses that came with it stay, inactive."""
    begin(small)
    code, output = small.clmkit("apply", small.plan_hash, "--org", FILE, "--rollback")
    assert code == 0, output
    assert "verified: 1 components as before, " in output
    assert small.clmkit("apply", small.plan_hash, "--org", FILE, "--rollback")[0] == 0
    plan = json.loads(small.clmkit("plan", "--org", FILE, "--json")[1])
    assert (plan["undecided"], plan["next"]) == ([], f"clmkit apply {plan['hash'][:12]}")
