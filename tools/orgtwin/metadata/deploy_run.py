"""One deploy, from the bytes of its zip to its outcome.

The zip is read, then everything is laid out on a Workspace in the order of the rules' table, then the schema is
taken into use and the
records are written, then tests run. A run is all or nothing: with rollbackOnError false it runs again without the components that
failed, until none does. A check-only run does the same and is then taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

from orgtwin.errors import SalesforceError
from orgtwin.metadata.apex_compile import compile_apex
from orgtwin.metadata.apex_tests import TestsRefused, run_in_org, run_tests
from orgtwin.metadata.archive import ArchiveRefused, read_archive
from orgtwin.metadata.component import Component, ComponentStore, Key
from orgtwin.metadata.deploy_model import (
    DeployMessage,
    DeployOptions,
    DeployOutcome,
    DeployStatus,
    RunTests,
    TestLevel,
    TestReport,
    refusal,
    warning,
)
from orgtwin.metadata.formula_check import check_formula
from orgtwin.metadata.manifest import WILDCARD
from orgtwin.metadata.package_reader import Incoming, Package, read_packages
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import SchemaDraft
from orgtwin.metadata.types.apex import source_of
from orgtwin.metadata.types.rules import rule_of
from orgtwin.metadata.workspace import CheckFormula, CompileApex, Workspace
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema


@dataclass(frozen=True, slots=True)
class Hooks:
    """What other parts of the twin contribute to a deploy."""

    check_formula: CheckFormula = check_formula
    compile_apex: CompileApex = compile_apex
    run_tests: RunTests = run_in_org


class _Undo(Exception):
    """Leaves the transaction of a run whose work is taken back."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run that stands has changed: the components as they are now, package members, and the messages of what changed."""

    store: ComponentStore
    packages: tuple[tuple[str, tuple[Key, ...]], ...]
    touched: tuple[DeployMessage, ...]
    schema_before: Schema


Keep = Callable[[Changes], None]
"""Called inside the transaction of a run that stands, so that what it keeps is committed with it."""


def run_deploy(
    org: Organization,
    store: ComponentStore,
    zip_file: bytes,
    options: DeployOptions,
    user_id: str,
    hooks: Hooks,
    keep: Keep,
) -> DeployOutcome:
    """Carry out a deploy. Raises nothing for bad input: what is wrong is in the outcome."""
    try:
        files = read_archive(zip_file)
    except ArchiveRefused as error:
        return DeployOutcome(DeployStatus.FAILED, (), error.code, error.text)
    return run_files(org, store, files, options, user_id, hooks, keep)


def run_files(
    org: Organization,
    store: ComponentStore,
    files: Mapping[str, bytes],
    options: DeployOptions,
    user_id: str,
    hooks: Hooks,
    keep: Keep,
) -> DeployOutcome:
    """The same for files that are unpacked already."""
    packages = read_packages(files, options)
    skipped: dict[Key, DeployMessage] = {}
    while True:
        attempt = _Attempt(org, store, packages, options, user_id, hooks, skipped)
        attempt.run(keep)
        fresh = {key: message for key, message in attempt.failed.items() if key not in skipped}
        if not fresh or options.rollback_on_error:
            return attempt.outcome()
        skipped.update(fresh)


class _Attempt:
    """One try at all components but those that failed before."""

    def __init__(
        self,
        org: Organization,
        store: ComponentStore,
        packages: list[Package],
        options: DeployOptions,
        user_id: str,
        hooks: Hooks,
        skipped: dict[Key, DeployMessage],
    ) -> None:
        self._org = org
        self._before = store
        self._schema_before = org.schema
        self._packages = packages
        self._options = options
        self._user_id = user_id
        self._hooks = hooks
        self._skipped = skipped
        self._workspace = Workspace(org, store, SchemaDraft(org.schema), {}, hooks.check_formula)
        self._files: dict[Key, Incoming] = {}
        self.failed: dict[Key, DeployMessage] = dict(skipped)
        self._deleted: list[DeployMessage] = []
        self._tests = TestReport()
        self._refused: TestsRefused | None = None

    def run(self, keep: Keep) -> None:
        """Do everything; take it back where it may not stand."""
        savepoint = self._org.savepoint()
        try:
            with self._org.transaction():
                self._lay_out()
                if self._may_go_on():
                    with self._org.setup_writes():
                        self._take_over()
                if self._may_go_on():
                    self._run_tests()
                if self._options.check_only or not self._may_go_on():
                    raise _Undo
                keep(self._changes())
        except _Undo:
            self._org.rollback(savepoint)
        except BaseException:
            self._org.rollback(savepoint)
            raise

    def _may_go_on(self) -> bool:
        """With rollbackOnError false the components that failed are left out by the next attempt, so this one stops too."""
        fresh = self.failed.keys() - self._skipped.keys()
        if fresh or self._refused is not None or self._tests.failures or self._tests.coverage_warnings:
            return False
        if self._options.rollback_on_error:
            return not self._file_failures() and not (self._warnings() and not self._options.ignore_warnings)
        return not any(
            message.file_name.endswith("package.xml") and message.is_failure for message in self._file_messages()
        )

    # ---- laying out

    def _lay_out(self) -> None:
        self._delete(key for package in self._packages for key in package.delete_first)
        incoming = [
            item for package in self._packages for item in package.incoming if item.component.key not in self._skipped
        ]
        depths = _roll_up_depths(incoming)
        for item in sorted(incoming, key=lambda item: (*_order(item), depths.get(item.component.full_name, 0))):
            self._lay_out_one(item)
        self._delete(key for package in self._packages for key in package.delete_last)
        for key, check in self._workspace.late_checks:
            self._guard(key, check)
        self._compile()

    def _lay_out_one(self, item: Incoming) -> None:
        component = item.component
        self._files[component.key] = item
        before = self._workspace.find(component.type, component.full_name)
        rule = rule_of(component.type)
        component = self._signed(component, before, rule.key_prefix)

        def lay() -> None:
            after = rule.deploy(self._workspace, component, before)
            if before is not None and before.full_name != after.full_name:
                after = replace(after, full_name=before.full_name)
            self._workspace.put(after)

        self._guard(item.component.key, lay)

    def _signed(self, component: Component, before: Component | None, key_prefix: str | None) -> Component:
        now = self._org.clock()
        component = replace(component, modified_by=self._user_id, modified_date=now)
        if before is not None:
            return replace(component, id=before.id, created_by=before.created_by, created_date=before.created_date)
        component_id = self._org.ids.next_id(key_prefix) if key_prefix else ""
        return replace(component, id=component_id, created_by=self._user_id, created_date=now)

    def _guard(self, key: Key, action: Callable[[], object]) -> None:
        """Do something for a component; where the org refuses, it becomes that component's failure."""
        try:
            action()
        except ComponentRefused as refused:
            item = self._files.get(key)
            self._fail(key, refused.text, *(item.place_of(refused.at) if item else (None, None)))
        except SalesforceError as error:
            self._fail(key, error.message)

    def _fail(self, key: Key, text: str, line: int | None = None, column: int | None = None) -> None:
        item = self._files.get(key)
        message = refusal(
            *key,
            item.file_name if item else "",
            text,
            line if line is not None or item is None else item.line,
            column if column is not None or item is None else item.column,
        )
        self.failed.setdefault(key, message)

    def _delete(self, named: Iterable[tuple[Key, str]]) -> None:
        """What builds on others goes before them, in whatever order the manifest names both."""
        for key, file_name in sorted(named, key=lambda each: -rule_of(each[0][0]).order):
            if key in self._skipped:
                continue
            type_name, full_name = key
            found = self._workspace.find(type_name, full_name)
            if full_name == WILDCARD:
                self._deletion_failed(key, file_name, "Wildcard characters are not supported in destructiveChanges.xml")
            elif found is None:
                self._deleted.append(
                    warning(type_name, full_name, file_name, f"No {type_name} named: {full_name} found")
                )
            else:
                self._delete_one(found, file_name)

    def _delete_one(self, component: Component, file_name: str) -> None:
        rule = rule_of(component.type)
        try:
            if rule.remove is not None:
                rule.remove(self._workspace, component)
        except ComponentRefused as refused:
            self._deletion_failed(component.key, file_name, refused.text)
            return
        self._workspace.remove(component.key)
        message = DeployMessage(
            component.type, component.full_name, file_name, changed=True, deleted=True, id=component.id
        )
        self._deleted.append(message)

    def _deletion_failed(self, key: Key, file_name: str, text: str) -> None:
        self.failed.setdefault(key, refusal(*key, file_name, text))

    def _compile(self) -> None:
        """Compile all Apex the org would have, where something changed that Apex may name."""
        touched = [key for key in self._workspace.changed if key[0] in _APEX]
        deleted = [key for key in self._workspace.removed if key[0] in _NAMED_BY_APEX]
        if not touched and not deleted:
            return
        components = [c for type_name in _APEX for c in self._workspace.of_type(type_name)]
        found = self._problems(components, self._workspace.schema.current())
        dependent = {key: places for key, places in found.items() if key not in self._files}
        for key, places in found.items():
            for line, column, text in places if key in self._files else ():
                self._fail(key, text, line, column)
        if dependent:
            self._fail_dependent(dependent, touched, deleted)

    def _problems(self, components: Iterable[Component], schema: Schema) -> Mapping[Key, list[tuple[int, int, str]]]:
        sources = {component.key: source_of(component) for component in components}
        versions = {c.key: float(c.body.value("apiVersion") or 0) for c in components}
        return self._hooks.compile_apex(self._org, schema, sources, versions)

    def _fail_dependent(
        self, dependent: Mapping[Key, list[tuple[int, int, str]]], touched: list[Key], deleted: list[Key]
    ) -> None:
        """Apex that is not in the deploy would not compile any more. What did not compile before concerns nobody."""
        stood = [c for type_name in _APEX for c in self._before.of_type(type_name)]
        before = self._problems(stood, self._org.schema)
        for key, places in dependent.items():
            if key in before:
                continue
            named = [gone for gone in deleted if _simple_name(gone[1]).lower() in places[0][2].lower()]
            for gone in named:
                self._deletion_failed(gone, "", _STILL_USED.format(_SHOWN[gone[0]], _SHOWN[key[0]], key[1]))
            if not named and touched:
                text = f"Dependent class is invalid and needs recompilation:\n Class {key[1]} : {places[0][2]}"
                self._fail(touched[0], text, 1, 1)

    # ---- taking over

    def _take_over(self) -> None:
        schema = self._workspace.schema.freeze()
        if schema is not None:
            self._org.replace_schema(schema)
        self._org.settings.update(self._workspace.settings)
        links = sorted(self._workspace.links, key=itemgetter(0))
        for key, write in (*self._workspace.writes, *(link[1:] for link in links)):
            if key in self.failed:
                continue

            def do(key: Key = key, write: Callable[[Organization], str | None] = write) -> None:
                record_id = write(self._org)
                component = self._workspace.changed.get(key)
                if record_id and component is not None:
                    self._workspace.changed[key] = replace(component, id=record_id)

            self._guard(key, do)

    def _run_tests(self) -> None:
        if self._options.test_level is TestLevel.NO_TEST_RUN:
            return
        try:
            self._tests = run_tests(self._workspace, self._options, self._user_id, self._hooks.run_tests)
        except TestsRefused as refused:
            self._refused = refused

    # ---- the outcome

    def outcome(self) -> DeployOutcome:
        messages = tuple(self._messages())
        refused = self._refused
        code, text = (refused.code, refused.text) if refused else (None, None)
        return DeployOutcome(self._status(messages), messages, code, text, self._tests)

    def _changes(self) -> Changes:
        store = self._before.with_changes(self._workspace.changed.values(), self._workspace.removed)
        packages = tuple(
            (package.manifest.package, tuple(item.component.key for item in package.incoming))
            for package in self._packages
            if package.manifest.package
        )
        touched = (message for message in self._messages() if message.component_type and message.success)
        changed = tuple(m for m in touched if m.changed or m.created or m.deleted)
        return Changes(store, packages, changed, self._schema_before)

    def _status(self, messages: tuple[DeployMessage, ...]) -> DeployStatus:
        if not self._may_go_on():
            return DeployStatus.FAILED
        failed = any(message.is_failure for message in messages)
        return DeployStatus.SUCCEEDED_PARTIAL if failed else DeployStatus.SUCCEEDED

    def _messages(self) -> Iterator[DeployMessage]:
        yield from self._file_messages()
        for key, item in self._files.items():
            if key not in self.failed:
                yield self._success(item)
        yield from self._deleted
        yield from self.failed.values()

    def _success(self, item: Incoming) -> DeployMessage:
        component = item.component
        before = self._before.find(*component.key)
        after = self._workspace.find(component.type, component.full_name) or component
        return DeployMessage(
            component.type,
            component.full_name,
            item.file_name,
            created=before is None,
            changed=before is None or not before.says_the_same_as(after),
            id=after.id,
        )

    def _file_messages(self) -> Iterator[DeployMessage]:
        for package in self._packages:
            yield from package.messages

    def _file_failures(self) -> list[DeployMessage]:
        return [message for message in self._file_messages() if message.is_failure]

    def _warnings(self) -> bool:
        found = (*self._file_messages(), *self._deleted)
        return any(message.problem_type == "Warning" for message in found)


_APEX = ("ApexClass", "ApexTrigger")
_SHOWN = {
    "ApexClass": "Apex Class",
    "ApexTrigger": "Apex Trigger",
    "CustomField": "custom field",
    "CustomObject": "custom object",
}
_NAMED_BY_APEX = frozenset(("ApexClass", "CustomField", "CustomObject"))
_STILL_USED = "This {} is referenced elsewhere in salesforce.com. Remove the usage and try again. : {} - {}"
"""ASSUMED: the first sentence is the org's, from deploy logs; what follows the colon is how it lists who refers to it."""


def _simple_name(full_name: str) -> str:
    return full_name.rpartition(".")[2]


_SUB_ORDER = {"MasterDetail": 1, "Summary": 3}


def _order(item: Incoming) -> tuple[int, int]:
    """The rule's place; among fields roll-ups come last, since they look at their child's fields."""
    component = item.component
    kind = component.body.value("type") or "" if component.type == "CustomField" else ""
    return (rule_of(component.type).order, _SUB_ORDER.get(kind, 2))


def _roll_up_depths(incoming: Iterable[Incoming]) -> dict[str, int]:
    """By name of a roll-up, how many others must stand before it: those that it sums up, and those that these sum up."""
    summed = {
        item.component.full_name: item.component.body.value("summarizedField")
        for item in incoming
        if item.component.type == "CustomField" and item.component.body.value("type") == "Summary"
    }

    def depth(name: str, seen: frozenset[str]) -> int:
        below = summed.get(name)
        return 1 + depth(below, seen | {name}) if below in summed and below not in seen else 0

    return {name: depth(name, frozenset((name,))) for name in summed}
