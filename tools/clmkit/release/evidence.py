"""What a run proved, as data, and the page that shows it to a contract manager.

The page is one file with everything in it: it opens from a disk, a mail or an archive, years later, with no network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import jinja2


@dataclass(frozen=True, slots=True)
class ParkedValue:
    """A value that waits for a person: nothing was written in its place."""

    label: str
    value: str
    reason: str
    steward: str


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One contract of the CLM as the page lists it. `waiting` says why the whole contract is not in Salesforce, or is empty;
    `steward` is who decides then.

    `sides` says how the counterparty was told from us, by the spec's rule; empty without a rule.
    """

    agreement_id: str
    title: str
    counterparty: str
    start: str
    end: str
    status: str
    salesforce_id: str
    parked: tuple[ParkedValue, ...] = ()
    waiting: str = ""
    steward: str = ""
    sides: str = ""

    @property
    def state(self) -> str:
        if self.waiting:
            return "waiting"
        return "partly" if self.parked else "complete"


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """What became of one field over all rows; `waiting` counts the rows of contracts that wait as a whole."""

    object_label: str
    label: str
    salesforce: str
    owner: str
    mapped: int
    empty: int
    parked: int
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.mapped + self.empty + self.parked + self.waiting


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a lifecycle suite."""

    name: str
    passed: bool
    seconds: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    runner: str
    cases: tuple[Case, ...]
    not_run: int = 0

    @property
    def passed(self) -> int:
        return sum(case.passed for case in self.cases)

    @property
    def failed(self) -> int:
        return len(self.cases) - self.passed


@dataclass(frozen=True, slots=True)
class Difference:
    """A field on which the systems disagree after everything has been synced."""

    object_label: str
    key: str
    field: str
    clm: str
    salesforce: str
    owner: str


@dataclass(frozen=True, slots=True)
class StepTime:
    title: str
    seconds: float
    line: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the page shows. Times in seconds; `made_at` in ISO 8601, UTC."""

    made_at: str
    spec_name: str
    spec_version: str
    spec_summary: str
    source: str
    contracts: tuple[ContractRow, ...]
    coverage: tuple[FieldCoverage, ...]
    suites: tuple[Suite, ...]
    compared: int
    differences: tuple[Difference, ...]
    api_calls: Mapping[str, int]
    steps: tuple[StepTime, ...]
    limits: tuple[str, ...]

    @property
    def synced(self) -> int:
        return sum(not row.waiting for row in self.contracts)

    @property
    def waiting(self) -> int:
        return len(self.contracts) - self.synced

    @property
    def parked_values(self) -> int:
        """Single values left out of contracts that are in Salesforce."""
        return sum(len(row.parked) for row in self.contracts if not row.waiting)

    @property
    def is_clean(self) -> bool:
        """Nothing failed and nothing differs; parked values are not a failure, they are listed for their stewards."""
        return not self.differences and all(suite.failed == 0 and suite.not_run == 0 for suite in self.suites)

    def reasons(self) -> list[tuple[str, str, int, str]]:
        """Why things wait: (reason, steward, how often, one example), the most frequent first."""
        parked = [value for row in self.contracts if not row.waiting for value in row.parked]
        counts = Counter((value.label, value.steward) for value in parked)
        examples = {(value.label, value.steward): value for value in reversed(parked)}
        rows = [
            (label, steward, count, examples[label, steward].reason) for (label, steward), count in counts.most_common()
        ]
        whole = Counter((row.waiting, row.steward) for row in self.contracts if row.waiting)
        return [("Whole contract", steward, count, reason) for (reason, steward), count in whole.most_common()] + rows


def render_evidence(evidence: Evidence) -> str:
    """The page, self-contained."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("clmkit.release").joinpath("templates/evidence.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(evidence=evidence, reasons=evidence.reasons())


def render_junit(suites: Sequence[Suite]) -> str:
    """The suites as one JUnit XML document."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("clmkit.release").joinpath("templates/junit.xml.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(suites=suites)
