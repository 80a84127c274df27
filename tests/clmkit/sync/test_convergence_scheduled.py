"""The same for a sync that keeps latency promises: whatever waits, whenever, with kills in between, both systems end equal."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from tests.clmkit.sync.test_convergence import TwoSystems

from clmkit.sync.schedule import Pace, pace_of

NOON = "2026-11-22T12:00:00.000Z"


class TwoSystemsOnTime(TwoSystems):
    @rule(minutes=st.sampled_from((1, 3, 900)))
    def time_passes_and_promises_are_kept(self, minutes: int) -> None:
        world = self.world
        world.pace = pace_of(world.spec)
        moment = datetime.fromisoformat(world.now or NOON) + timedelta(minutes=minutes)
        world.now = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @rule()
    def somebody_wants_everything_at_once(self) -> None:
        pace, self.world.pace = self.world.pace, Pace()
        self.world.run()
        self.world.pace = pace

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.pace = Pace()
        super().teardown()


def test_what_waits_for_its_time_never_keeps_both_systems_from_ending_equal() -> None:
    slow = [HealthCheck.too_slow]
    run_state_machine_as_test(
        TwoSystemsOnTime,
        settings=settings(max_examples=40, stateful_step_count=14, deadline=None, suppress_health_check=slow),
    )
