"""Which Apex tests a deploy runs, and running them.

Source: "Running Tests in a Deployment" (Metadata API Developer Guide). Coverage is not measured, so no deploy is refused for too
little of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import DeployOptions, RunTests, TestFailure, TestLevel, TestReport, TestRequest
from orgtwin.metadata.types.apex import source_of
from orgtwin.metadata.workspace import Workspace
from orgtwin.org import Org

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

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
    return run(TestRequest(workspace.org, options.test_level, names, user_id, labels))


def is_test_class(component: Component) -> bool:
    """Does the source hold a test method or the annotation of a test class."""
    return _TEST_CLASS.search(source_of(component)) is not None


def run_in_engine(request: TestRequest) -> TestReport:
    """Run the tests in the twin's own Apex. It is imported when the first deploy asks for tests."""
    from orgtwin.apex.testing import run_tests as run_classes

    with _engine(request) as engine:
        run = run_classes(engine, request.class_names)
    failures = tuple(
        TestFailure(o.class_name, o.method_name, o.message, o.stack_trace, time_ms=round(o.seconds * 1000))
        for o in run.failures
    )
    return TestReport(len(run.outcomes), failures, (), round(run.seconds * 1000))


@contextmanager
def _engine(request: TestRequest) -> Iterator[Engine]:
    """All Apex of the org, its triggers taking part in saves until the tests are over."""
    from orgtwin.apex.kernel import KernelPort
    from orgtwin.apex.save_hooks import attach

    org = request.org
    if not isinstance(org, Org):
        raise TypeError(f"Apex runs on an org in memory, not on {type(org).__name__}")
    with org.hooks.set_aside():  # a live org's own triggers would run beside the ones under test
        engine = attach(org, request.user_id)
        if isinstance(engine.port, KernelPort):
            engine.port.labels.update(request.labels)
        problems = engine.load(dict(_sources(org)))
        if problems:
            raise TestsRefused("INVALID_OPERATION", f"Compilation error: {problems[0]}")  # ASSUMED text
        with org.log.unheard():
            yield engine


def _sources(org: Org) -> Iterator[tuple[str, str]]:
    for sobject_type in ("ApexClass", "ApexTrigger"):
        table = org.table(sobject_type)
        read_name, read_body = table.reader("Name"), table.reader("Body")
        for row in table.rows():
            yield f"{sobject_type} {read_name(row)!s}", str(read_body(row) or "")
