"""Kill the sync with SIGKILL, over and over, at named points and at any time, while both twins fail and people edit on both sides.

    python bench/crash.py [--kills 1000] [--database both|sqlite|postgresql]

Half of the kills on SQLite, half on PostgreSQL with three workers. Every PART kills new systems and a new state, with other edits.
Printed: what was killed where, what became of every event, what was sent again, how fast the process after a kill was at work. The
processes are forked from one that is loaded; what a new `clmkit sync run` takes from exec to its end is measured beside it. Ends
with 1 when anything was lost, doubled or wrong, when events did not add up after a round of kills, when more than one shipment was
sent again, or when a process that followed a killed one worked for a second before it had taken work up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.clmkit.sync.crash.nursery import CONFIG
from tests.clmkit.sync.crash.trial import Trial, Verdict
from tests.clmkit.sync.postgres import running_postgres
from tests.clmkit.templates.systems import running

from clmkit.templates.catalogue import TEMPLATES

PART = 250
COLD_RUNS = 10
MOST_RESUME_WORK = 1.0
WORKERS = {"sqlite": 1, "postgresql": 3}


@dataclass
class Account:
    """The verdicts on one database."""

    verdicts: list[Verdict] = field(default_factory=list)
    colds: list[float] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        points, outcomes = Counter[str](), Counter[str]()
        for verdict in self.verdicts:
            points.update(verdict.by_point)
            outcomes.update(verdict.outcomes)
        events = sum(verdict.events for verdict in self.verdicts)
        resumes = [seconds for verdict in self.verdicts for seconds in verdict.resumes]
        yield f"  kills {points.total()} at {len(points)} points; {sum(verdict.struck for verdict in self.verdicts)} faults struck"
        yield from (f"    {count:5} {point}" for point, count in sorted(points.items()))
        told = " + ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        yield f"  events in {events} = {told}{'' if events == outcomes.total() else '  NOT EQUAL'}"
        most = max(verdict.most_sent_again for verdict in self.verdicts)
        yield f"  sent again: {sum(verdict.sent_again for verdict in self.verdicts)} shipments, at most {most} after one kill"
        yield f"  added up after {sum(verdict.sums for verdict in self.verdicts)} rounds of kills"
        yield f"  at work again: median {median(resumes):.3f} s, longest {max(resumes):.3f} s by the clock (forked)"
        yield f"  at work again: median {median(self.work):.3f} s, longest {max(self.work):.3f} s of processor time (forked)"
        yield f"  a new `clmkit sync run`, exec to end: longest {max(self.colds):.3f} s of processor time"
        wrong = [words for verdict in self.verdicts for words in verdict.wrong]
        yield f"  lost, doubled, wrong: {len(wrong)}"
        yield from (f"    {words}" for words in wrong)

    @property
    def work(self) -> list[float]:
        return [seconds for verdict in self.verdicts for seconds in verdict.resume_work]

    @property
    def is_well(self) -> bool:
        is_fast = max(self.work) < MOST_RESUME_WORK
        return is_fast and not any(verdict.wrong or verdict.most_sent_again > 1 for verdict in self.verdicts)


def play(database: str, kills: int, seed: int, account: Account) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        systems = stack.enter_context(running(TEMPLATES["saas"], folder))
        apart = folder / "trial"
        apart.mkdir()
        target = (
            apart / "sync.sqlite" if database == "sqlite" else stack.enter_context(running_postgres()).new_database()
        )
        trial = stack.enter_context(closing(Trial(systems, target, WORKERS[database], apart, seed)))
        account.verdicts.append(trial.play(kills))
        account.colds += [_run_cold(apart) for _ in range(COLD_RUNS)]


def _run_cold(folder: Path) -> float:
    command = [str(Path(sys.executable).parent / "clmkit"), "sync", "run", "--config", str(folder / CONFIG)]
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--database", choices=["both", *WORKERS], default="both")
    options = parser.parse_args()
    chosen = list(WORKERS) if options.database == "both" else [options.database]
    is_well = True
    for database in chosen:
        account, left, seed = Account(), options.kills // len(chosen), 1
        while left > 0:
            play(database, min(PART, left), seed, account)
            left, seed = left - PART, seed + 1
        print(f"{database}, {WORKERS[database]} worker{'s' * (WORKERS[database] > 1)}")
        print("\n".join(account.lines()), flush=True)
        is_well &= account.is_well
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
