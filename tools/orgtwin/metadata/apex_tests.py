"""Which Apex tests a deploy runs, and running them.

Source: "Running Tests in a Deployment" (Metadata API Developer Guide).
"""

from __future__ import annotations

import re

from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import DeployOptions, RunTests, TestLevel, TestReport, TestRequest
from orgtwin.metadata.types.apex import source_of
from orgtwin.metadata.workspace import Workspace

_TEST_CLASS = re.compile(r"@\s*isTest\b|\btestMethod\b", re.IGNORECASE)


class TestsRefused(Exception):
    """The test stage cannot be carried out."""

    __test__ = False

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def run_tests(workspace: Workspace, options: DeployOptions, user_id: str, run: RunTests) -> TestReport:
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
    labels = {label.full_name: label.body.value("value") or "" for label in workspace.of_type("CustomLabel")}
    deployed = tuple(key for key in workspace.changed if key[0] in ("ApexClass", "ApexTrigger"))
    return run(TestRequest(workspace.org, options.test_level, names, user_id, labels, deployed))


def is_test_class(component: Component) -> bool:
    """Does the source hold a test method or the annotation of a test class."""
    return _TEST_CLASS.search(source_of(component)) is not None


def run_in_org(request: TestRequest) -> TestReport:
    """Run the tests in the twin's own Apex. It is imported when the first deploy asks for tests."""
    from orgtwin.apex.deploys import run_deploy_tests

    return run_deploy_tests(request)
