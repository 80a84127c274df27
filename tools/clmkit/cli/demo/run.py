"""One run of the demo: what its steps share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clmkit.cli.demo.cumulusci import cumulusci_environment
from clmkit.cli.demo.processes import Processes
from clmkit.cli.demo.runner import Progress
from clmkit.cli.demo.workspace import Workspace, write_text
from clmkit.mapping.model import Spec
from clmkit.release.evidence import Evidence
from clmkit.sync.config import SyncConfig, load_config

SYNC_CONFIG = """\
spec: {spec}
state: sync.sqlite
clm:
  url: {{file: clm.json, member: http_url}}
  client_id: {{file: clm.json, member: client_id}}
  client_secret: {{file: clm.json, member: client_secret}}
salesforce:
  url: {{file: org.json, member: https_url}}
  ca_bundle: {{file: org.json, member: ca_bundle}}
  client_id: {{file: org.json, member: client_id}}
  client_secret: {{file: org.json, member: client_secret}}
events:
  endpoint: {{file: org.json, member: pubsub_endpoint}}
"""


@dataclass
class Run:
    """Shared by the steps, in order. The twins' ready files are there after the step that starts them."""

    workspace: Workspace
    processes: Processes
    spec_path: Path
    contracts: Path
    progress: Progress
    started_at: str
    titles: Mapping[str, str]
    spec: Spec | None = None
    proven: Evidence | None = None

    @property
    def org(self) -> dict[str, str]:
        return _read(self.workspace.org_ready_file)

    @property
    def clm(self) -> dict[str, str]:
        return _read(self.workspace.clm_ready_file)

    @property
    def sync_config_file(self) -> Path:
        return self.workspace.run / "sync.yml"

    def sync_config(self) -> SyncConfig:
        return load_config(self.sync_config_file)

    def write_sync_config(self) -> None:
        write_text(self.sync_config_file, SYNC_CONFIG.format(spec=self.spec_path.resolve().as_posix()))

    def environment(self) -> Mapping[str, str]:
        """The environment of CumulusCI and of the suites."""
        return cumulusci_environment(self.workspace, self.org) | {"CLMKIT_RUN": str(self.workspace.run)}

    def require_spec(self) -> Spec:
        if self.spec is None:
            raise RuntimeError("the lint step comes first")
        return self.spec


def _read(path: Path) -> dict[str, str]:
    answer = msgspec.json.decode(path.read_bytes(), type=dict[str, str | int | None])
    return {name: str(value) for name, value in answer.items() if value is not None}
