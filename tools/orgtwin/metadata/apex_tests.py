"""Which Apex tests a deploy runs, and running them.

Source: "Running Tests in a Deployment" (Metadata API Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orgtwin.metadata.component import Component, Key
from orgtwin.metadata.deploy_model import DeployOptions, RunTests, TestLevel, TestReport, TestRequest
from orgtwin.metadata.relevance import TRIGGER, Sources, always_runs, tested_by
from orgtwin.metadata.types.apex import source_of
from orgtwin.metadata.workspace import Workspace

_APEX = ("ApexClass", "ApexTrigger")
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
    names = options.run_tests or tuple(_chosen(workspace, options.test_level))
    if not names and not any(True for kind in _APEX for _ in workspace.of_type(kind)):
        return TestReport()
    labels = {label.full_name: label.body.value("value") or "" for label in workspace.of_type("CustomLabel")}
    deployed = tuple(key for key in workspace.changed if key[0] in _APEX)
    return run(TestRequest(workspace.org, options.test_level, names, user_id, labels, deployed))


def _chosen(workspace: Workspace, level: TestLevel) -> Iterator[str]:
    """The test classes of the org; with RunRelevantTests those that the deploy concerns, and those that ask to run."""
    tests = [component for component in workspace.of_type("ApexClass") if is_test_class(component)]
    if level is not TestLevel.RUN_RELEVANT_TESTS:
        yield from (component.full_name for component in tests)
        return
    concerned = _concerned(workspace)
    changed = set(_touched(workspace))
    for component in tests:
        text = source_of(component)
        if component.full_name in concerned or always_runs(text) or not changed.isdisjoint(tested_by(text)):
            yield component.full_name


def _concerned(workspace: Workspace) -> frozenset[str]:
    """Classes and triggers that reach what the deploy changes. ASSUMED for other components: who names one of their names."""
    texts = {component.full_name: source_of(component) for component in workspace.of_type("ApexClass")}
    triggers = workspace.of_type("ApexTrigger")
    texts |= {f"{component.full_name}{TRIGGER}": source_of(component) for component in triggers}
    sources = Sources(texts)
    of_apex = {
        f"{name}{TRIGGER}" if kind == "ApexTrigger" else name for kind, name in _touched(workspace) if kind in _APEX
    }
    others = [name for kind, name in _touched(workspace) if kind not in _APEX]
    words = {word.lower() for name in others for word in re.findall(r"\w+", name)}
    return sources.concerned_by(of_apex) | sources.concerned_by_words(words)


def _touched(workspace: Workspace) -> Iterator[Key]:
    yield from workspace.changed
    yield from workspace.removed


def is_test_class(component: Component) -> bool:
    """Does the source hold a test method or the annotation of a test class."""
    return _TEST_CLASS.search(source_of(component)) is not None


def run_in_org(request: TestRequest) -> TestReport:
    """Run the tests in the twin's own Apex. It is imported when the first deploy asks for tests."""
    from orgtwin.apex.deploys import run_deploy_tests

    return run_deploy_tests(request)
