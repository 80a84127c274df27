"""What a deploy is asked to do and what it answers.

Names and meanings: "DeployOptions", "DeployResult", "DeployMessage" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgtwin.organization import Organization


class DeployStatus(StrEnum):
    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    SUCCEEDED_PARTIAL = "SucceededPartial"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def is_final(self) -> bool:
        return self not in (DeployStatus.PENDING, DeployStatus.IN_PROGRESS)


class TestLevel(StrEnum):
    NO_TEST_RUN = "NoTestRun"
    RUN_SPECIFIED_TESTS = "RunSpecifiedTests"
    RUN_LOCAL_TESTS = "RunLocalTests"
    RUN_ALL_TESTS_IN_ORG = "RunAllTestsInOrg"
    RUN_RELEVANT_TESTS = "RunRelevantTests"

    __test__ = False


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """Defaults are the API's, but for `rollback_on_error`, which production orgs force on and every client sends."""

    allow_missing_files: bool = False
    auto_update_package: bool = False
    check_only: bool = False
    ignore_warnings: bool = False
    perform_retrieve: bool = False
    purge_on_delete: bool = False
    rollback_on_error: bool = True
    single_package: bool = False
    test_level: TestLevel = TestLevel.NO_TEST_RUN
    run_tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeployMessage:
    """What became of one component."""

    component_type: str
    full_name: str
    file_name: str
    created: bool = False
    changed: bool = False
    deleted: bool = False
    success: bool = True
    id: str = ""
    problem: str | None = None
    problem_type: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def is_failure(self) -> bool:
        return not self.success


def refusal(
    component_type: str,
    full_name: str,
    file_name: str,
    problem: str,
    line: int | None = None,
    column: int | None = None,
) -> DeployMessage:
    """An error message of one component."""
    return DeployMessage(
        component_type,
        full_name,
        file_name,
        success=False,
        problem=problem,
        problem_type="Error",
        line=line,
        column=column,
    )


def warning(component_type: str, full_name: str, file_name: str, problem: str) -> DeployMessage:
    return DeployMessage(component_type, full_name, file_name, problem=problem, problem_type="Warning")


@dataclass(frozen=True, slots=True)
class TestFailure:
    """One failed test method."""

    class_name: str
    method_name: str
    message: str
    stack_trace: str = ""
    namespace: str = ""
    time_ms: int = 0
    class_id: str = ""

    __test__ = False


@dataclass(frozen=True, slots=True)
class TestSuccess:
    """One test method that passed."""

    class_name: str
    method_name: str
    time_ms: int = 0

    __test__ = False


@dataclass(frozen=True, slots=True)
class CoveredCode:
    """What tests covered of one class or trigger: numbers of lines. `kind` is Class or Trigger."""

    name: str
    kind: str
    covered: tuple[int, ...]
    uncovered: tuple[int, ...]

    @property
    def locations(self) -> int:
        return len(self.covered) + len(self.uncovered)


@dataclass(frozen=True, slots=True)
class TestReport:
    """What an Apex test run gave. `coverage_warnings` are the org's own words and fail the deploy."""

    run: int = 0
    failures: tuple[TestFailure, ...] = ()
    coverage_warnings: tuple[str, ...] = ()
    total_time_ms: int = 0
    successes: tuple[TestSuccess, ...] = ()
    coverage: tuple[CoveredCode, ...] = ()

    __test__ = False


@dataclass(frozen=True, slots=True)
class TestRequest:
    """Which tests to run on the org as a deploy left it, for whom, the custom labels that code may name, the Apex deployed."""

    org: Organization
    level: TestLevel
    class_names: tuple[str, ...]
    user_id: str
    labels: Mapping[str, str]
    components: tuple[tuple[str, str], ...] = ()

    __test__ = False


RunTests = Callable[[TestRequest], TestReport]
"""Runs Apex tests; what they write is theirs to take back."""


@dataclass(frozen=True, slots=True)
class DeployOutcome:
    """The result of a run, whatever became of it."""

    status: DeployStatus
    messages: tuple[DeployMessage, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    tests: TestReport = field(default_factory=TestReport)

    @property
    def failures(self) -> list[DeployMessage]:
        return [message for message in self.messages if message.is_failure]

    @property
    def successes(self) -> list[DeployMessage]:
        return [message for message in self.messages if not message.is_failure]


@dataclass(slots=True)
class DeployJob:
    """One deploy request, from the moment it gets its id."""

    id: str
    options: DeployOptions
    zip_file: bytes
    user_id: str
    user_name: str
    created_date: datetime
    api_version: float
    status: DeployStatus = DeployStatus.PENDING
    started: datetime | None = None
    completed: datetime | None = None
    outcome: DeployOutcome | None = None
    canceled_by: str | None = None
    retrieved: bytes | None = None

    @property
    def has_deployed(self) -> bool:
        """Whether it changed the org."""
        return self.status in (DeployStatus.SUCCEEDED, DeployStatus.SUCCEEDED_PARTIAL) and not self.options.check_only
