"""A real org in memory with Apex in its saves, for facts about the save order and what follows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.orgtwin.metadata.conftest import package_of

from orgtwin.apex.engine import Engine
from orgtwin.apex.save_hooks import attach
from orgtwin.apex.testing import TestOutcome, run_tests
from orgtwin.apex.transaction import Job
from orgtwin.errors import SaveResult
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row
from orgtwin.seed import administrator, new_org

_TYPES = {
    "PlatformEventSubscriberConfigs": "PlatformEventSubscriberConfig",
    "assignmentRules": "AssignmentRules",
    "autoResponseRules": "AutoResponseRules",
    "duplicateRules": "DuplicateRule",
    "escalationRules": "EscalationRules",
    "externalCredentials": "ExternalCredential",
    "featureParameters": "FeatureParameterInteger",
    "flows": "Flow",
    "matchingRules": "MatchingRules",
    "namedCredentials": "NamedCredential",
    "objects": "CustomObject",
    "permissionsets": "PermissionSet",
    "staticresources": "StaticResource",
    "triggers": "ApexTrigger",
    "workflows": "Workflow",
}
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class LiveOrg:
    """An org, its administrator as the caller of its API, and an engine whose triggers run in every save."""

    def __init__(self, **sources: str) -> None:
        self.org: Org = new_org(lambda: NOON)
        self.caller = Caller(administrator(self.org).user_id)
        self.engine: Engine = attach(self.org, self.caller.user_id)
        self.load(**sources)

    def load(self, **sources: str) -> None:
        assert self.engine.load(sources) == []
        assert self.engine.check() == []

    def deploy(self, files: Mapping[str, str | bytes]) -> None:
        """Metadata by path; the folder says of which type a file is."""
        assert self.deploy_problems(files) == []

    def deploy_problems(self, files: Mapping[str, str | bytes]) -> list[str | None]:
        """What refuses a deploy; nothing where it succeeds."""
        members: dict[str, list[str]] = {}
        for path in files:
            folder, _, name = path.partition("/")
            if name and not name.endswith("-meta.xml"):
                members.setdefault(_TYPES[folder], []).append(name.rpartition(".")[0])
        job = MetadataService(self.org).deploy_files(
            self.caller, package_of(files, members), DeployOptions(single_package=True)
        )
        assert job.outcome is not None
        problems = [m.problem for m in job.outcome.failures]
        assert (job.status is DeployStatus.SUCCEEDED) is not bool(problems)
        return problems

    def insert(self, sobject_type: str, *rows: dict[str, object], all_or_none: bool = False) -> list[SaveResult]:
        return self.org.dml.insert(self.caller, sobject_type, rows, all_or_none=all_or_none)

    def delete(self, *ids: str | None, all_or_none: bool = False) -> list[SaveResult]:
        return self.org.dml.delete(self.caller, [str(i) for i in ids], all_or_none=all_or_none)

    def undelete(self, *ids: str | None) -> list[SaveResult]:
        return self.org.dml.undelete(self.caller, [str(i) for i in ids])

    def values(self, sobject_type: str, field: str) -> list[object]:
        """One field of all live rows, oldest first."""
        table = self.org.table(sobject_type)
        read = table.reader(field)
        return [read(row) for row in table.rows()]

    def row(self, sobject_type: str, record_id: str | None) -> Row:
        found = self.org.table(sobject_type).get(str(record_id))
        assert found is not None
        return found

    def debug_log(self) -> list[str]:
        """What has been written since the last time."""
        found, self.engine.debug_log = self.engine.debug_log, []
        return found

    def keep(self, jobs: list[Job]) -> None:
        """Jobs that are not to run."""
        self.kept = jobs

    def run(self, source: str) -> list[str]:
        """Anonymous Apex; its debug log."""
        assert self.engine.run_anonymous(source) == []
        return self.debug_log()

    def run_tests(self) -> list[TestOutcome]:
        return list(run_tests(self.engine).outcomes)


def messages(results: list[SaveResult]) -> list[str]:
    """The first error of each row; empty for those that went through."""
    return [r.errors[0].message if r.errors else "" for r in results]
