import pytest
from tests.clmkit.sync.world import shipped_spec

from clmkit.sync.activation import StatusSteps, plan_status


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [
        (None, "Draft", StatusSteps("Draft")),
        (None, "In Negotiation", StatusSteps("In Negotiation")),
        (None, "Activated", StatusSteps("Intake", ("Activated",))),
        (None, "Expired", StatusSteps("Intake", ("Activated", "Expired"))),
        ("Draft", "In Negotiation", StatusSteps("In Negotiation")),
        ("Executed", "Activated", StatusSteps(None, ("Activated",))),
        ("Executed", "Terminated", StatusSteps(None, ("Activated", "Terminated"))),
        ("Activated", "Expired", StatusSteps(None, ("Expired",))),
        ("Expired", "Activated", StatusSteps(None, ("Activated",))),
        ("Activated", "Activated", StatusSteps(None)),
        ("Activated", "Draft", StatusSteps("Draft")),
    ],
)
def test_activation_is_a_step_of_its_own(current: str | None, target: str, steps: StatusSteps) -> None:
    lifecycle = shipped_spec().lifecycle
    assert lifecycle is not None
    assert plan_status(lifecycle, current, target) == steps
