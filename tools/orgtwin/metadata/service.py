"""The Metadata API of one org: what the SOAP and REST surfaces call.

    service = twin.part(MetadataService)        one an org
    job = service.deploy(caller, zip, options)  carried out before it answers; poll with service.deploy_job(id)
    service.start_retrieve(...), service.list_metadata(...), service.components, service.source_members()

Other parts of the twin hang in through `service.hooks` (see deploy_run.Hooks): the formula compiler, the Apex
compiler, the test runner.
`service.hold()` keeps later deploys Pending until `service.release()`, for tests of waiting and cancelling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from orgtwin.audit.entries import Change
from orgtwin.errors import SalesforceError
from orgtwin.ids import find_id18
from orgtwin.metadata.baseline import all_components, find_component
from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.catalogue import is_known_type, load_types, parent_of
from orgtwin.metadata.component import Component, ComponentStore, Key
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions, DeployOutcome, DeployStatus, TestLevel
from orgtwin.metadata.deploy_run import Changes, Hooks, run_deploy, run_files
from orgtwin.metadata.kept_requests import KeptRequests
from orgtwin.metadata.manifest import Manifest
from orgtwin.metadata.retrieve import FileProperties, Retrieved, retrieve
from orgtwin.metadata.state import MetadataState, SourceMember, StateCell
from orgtwin.metadata.tracking import with_changes, with_counter
from orgtwin.metadata.xml import leaf
from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.schema.model import Schema

_DEPLOY_PREFIX = "0Af"
_RETRIEVE_PREFIX = "09S"
_QUICK_DEPLOY_DAYS = 10
_PERMISSIONS = ("ModifyMetadata", "ModifyAllData")
"""Either lets a user deploy. Source: "ModifyMetadata" (Salesforce Help, Metadata API permissions)."""


Tell = Callable[[Iterable[Change], str, Schema], None]
"""Hears what a deploy of a user changed, with the schema before it, inside its transaction."""


def _untold(_changes: Iterable[Change], _user_id: str, _schema_before: Schema) -> None:
    pass


class MetadataService:
    """Components, jobs and tracking of one org."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.hooks = Hooks()
        self.state = StateCell(org)
        self.tell: Tell = _untold
        self._deploys: dict[str, DeployJob] = {}
        self._retrieves: dict[str, Retrieved] = {}
        self._kept = KeptRequests(org)
        self._held = False
        self.after_deploy: list[Callable[[], None]] = []

    @property
    def components(self) -> ComponentStore:
        """What was deployed and stands."""
        return self.state.load().components

    def source_members(self) -> list[SourceMember]:
        """Source tracking, oldest revision first."""
        return sorted(self.state.load().members.values(), key=lambda member: member.revision_counter)

    def set_revision(self, member_id: str, counter: int) -> bool:
        """Set the RevisionCounter of a source member; False when there is none of that id."""
        state = with_counter(self.state.load(), member_id, counter)
        if state is not None:
            self._save(state)
        return state is not None

    def _save(self, state: MetadataState) -> None:
        """Change the state outside a deploy."""
        with self.org.transaction():
            self.state.save(state)

    def activate_flow(self, definition_id: str, *, active: bool) -> bool:
        """Make a flow's version active or a draft again; False when no flow has that definition."""
        state = self.state.load()
        flow = next((c for c in state.components.of_type("Flow") if c.id[3:15] == definition_id[3:15]), None)
        if flow is None:
            return False
        status = leaf("status", "Active" if active else "Draft")
        body = canonical(flow.body.with_children((*flow.body.without(("status",)).children, status)))
        self._save(replace(state, components=state.components.with_changes([replace(flow, body=body)])))
        return True

    # ---- deploy

    def new_deploy_id(self, caller: Caller) -> str:
        """The id of a deploy that the caller will ask for. Raises INSUFFICIENT_ACCESS."""
        self.require_permission(caller)
        return self.org.ids.next_id(_DEPLOY_PREFIX)

    def deploy(
        self, caller: Caller, zip_file: bytes, options: DeployOptions, deploy_id: str | None = None
    ) -> DeployJob:
        """Accept a deploy and, unless deploys are held, carry it out."""
        job = self._new_job(caller, zip_file, options, deploy_id)
        self._deploys[job.id] = job
        if not self._held:
            self._carry_out(job)
        self._kept.put_deploy(job)
        return job

    def deploy_files(self, caller: Caller, files: Mapping[str, bytes], options: DeployOptions) -> DeployJob:
        """Carry out a deploy of unpacked files at once; nobody polls for it."""
        job = self._new_job(caller, b"", options)
        hooks, keeper = self.hooks, self._keeper(job)
        self._finish(job, run_files(self.org, self.components, files, options, job.user_id, hooks, keeper))
        return job

    def _new_job(
        self, caller: Caller, zip_file: bytes, options: DeployOptions, deploy_id: str | None = None
    ) -> DeployJob:
        return DeployJob(
            id=deploy_id or self.new_deploy_id(caller),
            options=options,
            zip_file=zip_file,
            user_id=caller.user_id,
            user_name=self.user_name(caller.user_id),
            created_date=self.org.clock(),
            api_version=caller.api_version,
        )

    def _carry_out(self, job: DeployJob) -> None:
        job.status, job.started = DeployStatus.IN_PROGRESS, self.org.clock()
        run = run_deploy(
            self.org, self.components, job.zip_file, job.options, job.user_id, self.hooks, self._keeper(job)
        )
        self._finish(job, run)
        if job.options.perform_retrieve and run.status is DeployStatus.SUCCEEDED:
            kept = [message for message in run.successes if message.component_type and not message.deleted]
            manifest = _manifest_of((message.component_type, message.full_name) for message in kept)
            job.retrieved = retrieve(self.org, self.components, manifest, f"{job.api_version:.1f}").zip_file()

    def _finish(self, job: DeployJob, outcome: DeployOutcome) -> None:
        job.outcome, job.status, job.completed = outcome, outcome.status, self.org.clock()
        for tell in self.after_deploy:
            tell()

    def _keeper(self, job: DeployJob) -> Callable[[Changes], None]:
        """Keeps what the run of a job changed."""

        def keep(changes: Changes) -> None:
            before = self.state.load()
            packages = {
                name: frozenset(keys) | before.packages.get(name, frozenset()) for name, keys in changes.packages
            }
            state = replace(before, components=changes.store, packages={**before.packages, **packages})
            self.state.save(with_changes(state, changes.touched, self.org.ids, job.user_id, self.org.clock()))
            self.tell(
                _told(before.components, changes, purged=job.options.purge_on_delete),
                job.user_id,
                changes.schema_before,
            )

        return keep

    def deploy_job(self, job_id: str) -> DeployJob:
        """Raises INVALID_CROSS_REFERENCE_KEY for an id that is none of this org's deploys."""
        whole_id = find_id18(job_id) or job_id
        job = self._deploys.get(whole_id) or self._kept.find_deploy(whole_id)
        if job is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {job_id}", status=404)
        self._deploys[whole_id] = job
        return job

    def cancel(self, caller: Caller, job_id: str) -> DeployJob:
        """Cancel a deploy that still waits; a finished one is what it is."""
        job = self.deploy_job(job_id)
        if job.status.is_final:
            raise SalesforceError("INVALID_ID_FIELD", "Deployment already completed")
        job.status, job.completed, job.canceled_by = DeployStatus.CANCELED, self.org.clock(), caller.user_id
        self._kept.put_deploy(job)
        return job

    def quick_deploy(self, caller: Caller, validation_id: str) -> DeployJob:
        """Deploy what a validation of the last ten days checked with tests, without running them again.

        Any deploy since, this one included, ends its use. Source: "Monitor Deployments" (Salesforce Help), quick deployments.
        """
        validated = self.deploy_job(validation_id)
        too_old = self.org.clock() - validated.created_date > timedelta(days=_QUICK_DEPLOY_DAYS)
        checked = validated.options.check_only and validated.status is DeployStatus.SUCCEEDED
        if not checked or too_old or self._deployed_after(validated.id):
            raise SalesforceError(
                "INVALID_ID_FIELD", f"No recent validation with id {validation_id} can be deployed"
            )  # ASSUMED
        if validated.outcome is None or validated.outcome.tests.run == 0:
            raise SalesforceError("INVALID_ID_FIELD", "Source validate did not run tests in the org")
        options = replace(validated.options, check_only=False, test_level=TestLevel.NO_TEST_RUN, run_tests=())
        return self.deploy(caller, validated.zip_file, options)

    def _deployed_after(self, job_id: str) -> bool:
        return any(job.id > job_id and job.has_deployed for job in self._deploys.values()) or any(
            later > job_id for later in self._kept.deployed()
        )

    def hold(self) -> None:
        """From now on deploys wait."""
        self._held = True

    def release(self) -> None:
        """Carry out every deploy that waits, those of an earlier run of this org included, oldest first."""
        self._held = False
        for job_id in sorted({*self._deploys, *self._kept.waiting()}):
            job = self.deploy_job(job_id)
            if job.status is DeployStatus.PENDING:
                self._carry_out(job)
                self._kept.put_deploy(job)

    # ---- retrieve and list

    def start_retrieve(
        self,
        caller: Caller,
        unpackaged: Manifest | None,
        packages: Iterable[str],
        version: str,
        *,
        single_package: bool = False,
    ) -> str:
        """Answer the id of a retrieve that is ready. Raises INVALID_CROSS_REFERENCE_KEY for a package that is not there."""
        self.require_permission(caller)
        result = Retrieved()
        for package in packages:
            members = self.state.load().packages.get(package)
            if members is None:
                text = f"INVALID_CROSS_REFERENCE_KEY: No package named '{package}' found"
                result.messages.append((f"{package}/package.xml", text))
                continue
            root = "" if single_package else f"{package}/"
            _merge(
                result, retrieve(self.org, self.components, _manifest_of(members), version, root=root, package=package)
            )
        if unpackaged is not None:
            root = "" if single_package else "unpackaged/"
            _merge(result, retrieve(self.org, self.components, unpackaged, version, root=root))
        retrieve_id = self.org.ids.next_id(_RETRIEVE_PREFIX)
        self._retrieves[retrieve_id] = result
        self._kept.put_retrieve(retrieve_id, result, self.org.clock())
        return retrieve_id

    def retrieved(self, retrieve_id: str) -> Retrieved:
        """Raises INVALID_CROSS_REFERENCE_KEY for an unknown id."""
        found = self._retrieves.get(retrieve_id) or self._kept.find_retrieve(retrieve_id)
        if found is None:
            raise SalesforceError(
                "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {retrieve_id}", status=404
            )
        return found

    def is_retrieve(self, job_id: str) -> bool:
        return job_id in self._retrieves or self._kept.find_retrieve(job_id) is not None

    def list_metadata(self, type_name: str, folder: str | None = None) -> list[FileProperties]:
        """Every component of a type. Raises INVALID_TYPE for a type there is not."""
        if not is_known_type(type_name):
            raise SalesforceError("INVALID_TYPE", f"Unknown type:{type_name}")
        rows = []
        for component in all_components(self.org, self.components, type_name):
            if folder is not None and not component.full_name.startswith(f"{folder}/"):
                continue
            rows.append(FileProperties(component, _file_of(component)))
        return rows

    def find(self, type_name: str, full_name: str) -> Component | None:
        """A component as it stands, standard ones included."""
        return find_component(self.org, self.components, type_name, full_name)

    def user_name(self, user_id: str) -> str:
        """The name of a user, for createdByName and the like."""
        users = self.org.table("User")
        row = users.get(user_id)
        return str(users.reader("Name")(row) or "") if row is not None else ""

    def require_permission(self, caller: Caller) -> None:
        """Raises INSUFFICIENT_ACCESS: every call of the Metadata API asks for one of two permissions."""
        if not any(self.org.access.has_permission(caller, name) for name in _PERMISSIONS):
            raise SalesforceError(
                "INSUFFICIENT_ACCESS",
                "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions",
                status=403,
            )


def _told(before: ComponentStore, changes: Changes, *, purged: bool) -> Iterator[Change]:
    """Each component that changed, as it was and is."""
    for message in changes.touched:
        key = (message.component_type, message.full_name)
        was, now = before.find(*key), changes.store.find(*key)
        if was is not None or now is not None:
            yield Change(was, now, purged)


def _file_of(component: Component) -> str:
    parent = parent_of(component.type, component.full_name)
    if parent is not None:
        return parent[0].path_of(parent[1])
    return load_types()[component.type].path_of(component.full_name)


def _manifest_of(members: Iterable[Key]) -> Manifest:
    by_type: dict[str, list[str]] = {}
    for type_name, name in sorted(members):
        by_type.setdefault(type_name, []).append(name)
    return Manifest({type_name: tuple(names) for type_name, names in by_type.items()})


def _merge(into: Retrieved, more: Retrieved) -> None:
    into.files.update(more.files)
    into.properties.extend(more.properties)
    into.messages.extend(more.messages)
