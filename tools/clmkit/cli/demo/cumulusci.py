"""CumulusCI, unmodified, as a child process with a home of its own.

What it needs to speak with an org on this machine: https and our CA in REQUESTS_CA_BUNDLE, a 16-character CUMULUSCI_KEY (without it
a saved service breaks every later command), the org in CUMULUSCI_ORG_<name>, and the project's repository.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from clmkit.cli.demo.failure import StepFailed, last_lines
from clmkit.cli.demo.processes import Processes, tool
from clmkit.cli.demo.workspace import Workspace, write_text

_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_NO_VERSION_CHECK = "9999999999"
REPOSITORY = "https://localhost/clmkit/clmkit"
"""What CumulusCI is told of the repository: left to itself it reads `.git`, and cannot read a remote that is a path."""


def cumulusci_environment(workspace: Workspace, org: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a cci process: nothing of the user's home, proxies or keychain gets in."""
    home = workspace.cumulusci_home
    cumulusci_home = home / ".cumulusci"
    cumulusci_home.mkdir(parents=True, exist_ok=True)
    (cumulusci_home / "cumulus_timestamp").write_text(_NO_VERSION_CHECK, encoding="ascii")
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(Path(tool("cci")).parent), os.environ.get("PATH", "")]),
        "PYTHONWARNINGS": "ignore",
        "CUMULUSCI_KEY": _key(workspace.run / "cumulusci.key"),
        "CUMULUSCI_DISABLE_REFRESH": "1",
        "REQUESTS_CA_BUNDLE": org["ca_bundle"],
        "CUMULUSCI_AUTO_DETECT": "1",
        "CUMULUSCI_REPO_ROOT": str(workspace.project),
        "CUMULUSCI_REPO_URL": REPOSITORY,
        "CUMULUSCI_REPO_BRANCH": "main",
        "CUMULUSCI_ORG_twin": json.dumps(
            {
                "instance_url": org["https_url"],
                "access_token": org["access_token"],
                "org_id": org["org_id"],
                "username": org["username"],
            }
        ),
    }
    return environment


def _key(file: Path) -> str:
    """The run's 16-character key: CumulusCI saves the org with it and reads it again in the next command."""
    if not file.exists():
        write_text(file, secrets.token_hex(8))
    return file.read_text(encoding="ascii")


def run_cci(
    processes: Processes, workspace: Workspace, environment: Mapping[str, str], arguments: Sequence[str], log_name: str
) -> None:
    """Run `cci ARGUMENTS`; a failure names its log and shows its last lines."""
    log = workspace.logs / f"{log_name}.log"
    code = processes.run([tool("cci"), *arguments], cwd=workspace.project, env=environment, log=log)
    if code != 0:
        raise StepFailed(f"cci {' '.join(arguments[:3])} ended with code {code}", last_lines(log), log, exit_code=1)
