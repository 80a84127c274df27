"""Every fault at every step of a round, between both twins: it ends as the matrix says and leaves no trace."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.clmkit.sync.faults.catalogue import CELLS, FAULTS, Ending, Fault, Kind, Step, why_impossible
from tests.clmkit.sync.faults.matrix import World, opened, play
from tests.clmkit.sync.faults.page import PAGE, render
from tests.clmkit.templates.systems import running

from clmkit.clients.outcomes import Action, outcome_of
from clmkit.operate.alerts import find_alerts
from clmkit.sync.audit.export import FORMATS
from clmkit.templates.catalogue import TEMPLATES

pytestmark = pytest.mark.e2e
ENDS = {Action.RETRY: Ending.AGAIN, Action.REBASE: Ending.ANEW, Action.PARK: Ending.PARK, Action.STOP: Ending.STOP}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    apart = folder / "state"
    apart.mkdir()
    with running(TEMPLATES["saas"], folder) as systems, opened(systems, apart) as world:
        yield world


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.kind.value}: {fault.name}" for fault in FAULTS])
def test_a_fault_ends_at_every_step_as_the_matrix_says_and_leaves_no_trace(world: World, fault: Fault) -> None:
    for step, expected in fault.endings.items():
        assert (step, play(world, fault, step)) == (step, expected)
        assert world.find_wrong() == [], step
    assert world.find_deeply_wrong() == []


def test_clause_text_left_the_clm_through_none_of_it(world: World) -> None:
    """After the matrix, or a fair round: nothing sent to Salesforce, kept, logged, exported or reported holds the canary."""
    world.edit()
    assert world.find_wrong() == []
    assert any("CANARY" in str(one["clauses"]) for one in world.systems.clm.read_all("agreements"))
    state, folder = world.engine.state, world.systems.folder
    entries = list(state.read_audit())
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    alerts = msgspec.json.encode(find_alerts(state.read_parked()))
    exported = [export(entry).encode() for export in FORMATS.values() for entry in entries]
    said = [*(one.encode() for one in world.said), *world.org.bodies, *kept, *exported, alerts]
    assert kept
    assert exported
    assert [one[:200] for one in said if b"CANARY" in one] == []
    for mapping in world.systems.spec.objects:
        assert "CANARY" not in str(
            world.systems.salesforce.find(f"SELECT FIELDS(ALL) FROM {mapping.salesforce} LIMIT 200")
        )


def test_there_are_more_than_thirty_faults_and_no_step_is_left_out() -> None:
    assert len(FAULTS) > 30
    assert {step for _, step in CELLS} == set(Step)
    assert set(Kind) == {fault.kind for fault in FAULTS}
    assert all(step in fault.endings or why_impossible(fault, step) for fault in FAULTS for step in Step)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.refusal], ids=lambda fault: fault.name)
def test_a_refused_row_ends_as_the_table_of_outcomes_says(fault: Fault) -> None:
    assert fault.refusal is not None
    ending = ENDS[outcome_of(*fault.refusal).action]
    assert fault.endings[Step.SEND] is (Ending.PARK if fault.times is None and ending is Ending.AGAIN else ending)


def test_the_page_is_what_the_catalogue_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tests.clmkit.sync.faults.page"
