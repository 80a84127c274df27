"""Which Apex tests a deploy runs, and what it says when it cannot.

Source: "Running Tests in a Deployment" (Metadata API Developer Guide). Where tests are asked for, exist, and
nothing here can run them, the deploy is refused by name: a test that did not run has not passed.
"""

from __future__ import annotations

import re

from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import DeployOptions, RunTests, TestLevel, TestReport
from orgtwin.metadata.types.apex import source_of
from orgtwin.metadata.workspace import Workspace
from orgtwin.organization import Organization

_TEST_CLASS = re.compile(r"@\s*isTest\b|\btestMethod\b", re.IGNORECASE)
_UNSUPPORTED = "orgtwin does not emulate Apex test runs (ledger: apex.test-run)"


class TestsRefused(Exception):
    """The test stage cannot be carried out."""

    __test__ = False

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def run_tests(org: Organization, workspace: Workspace, options: DeployOptions, run: RunTests | None) -> TestReport:
    """The report of the tests that the level asks for. Raises TestsRefused."""
    if options.test_level is TestLevel.RUN_SPECIFIED_TESTS:
        if not options.run_tests:
            raise TestsRefused(
                "INVALID_OPERATION", "runTests must not be empty when testLevel is RunSpecifiedTests"
            )  # ASSUMED
        missing = [name for name in options.run_tests if workspace.find("ApexClass", name) is None]
        if missing:
            raise TestsRefused("INVALID_OPERATION", f"The test class {missing[0]} does not exist")  # ASSUMED
    names = options.run_tests or tuple(c.full_name for c in workspace.of_type("ApexClass") if is_test_class(c))
    if not names:
        return TestReport()
    if run is None:
        raise TestsRefused("TWIN_UNSUPPORTED", _UNSUPPORTED)
    return run(org, options.test_level, names)


def is_test_class(component: Component) -> bool:
    """Does the source hold a test method or the annotation of a test class."""
    return _TEST_CLASS.search(source_of(component)) is not None
