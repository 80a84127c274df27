"""Both systems for a test session: started, deployed and with customers in them, by the same steps as the demo's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from clmkit.cli.demo.processes import Processes
from clmkit.cli.demo.run import Run
from clmkit.cli.demo.runner import Progress
from clmkit.cli.demo.steps import STEPS
from clmkit.cli.demo.workspace import Workspace

UP_TO_CUSTOMERS = ("lint", "twins", "deploy", "customers")
SHARED_FOLDERS = ("datasets", "force-app", "mappings", "robot")
SHARED_FILES = ("cumulusci.yml", "sfdx-project.json")
SPEC, CONTRACTS = Path("mappings/contract.yml"), Path("datasets/cuad/contracts.csv")


@contextmanager
def running_systems(source: Path, target: Path) -> Iterator[Path]:
    """The folder of a run that works on a copy of the project `source` below `target`; both systems end with the block."""
    project = _copy_project(source, target)
    workspace = Workspace(project)
    workspace.create()
    progress = Progress(workspace.progress_file, "")
    with Processes() as processes:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        run = Run(workspace, processes, project / SPEC, project / CONTRACTS, progress, started, {})
        for step in STEPS:
            if step.key in UP_TO_CUSTOMERS:
                step.action(run)
        yield workspace.run


def _copy_project(source: Path, target: Path) -> Path:
    """What a deploy needs, in a folder that may be written to."""
    for folder in SHARED_FOLDERS:
        shutil.copytree(source / folder, target / folder)
    for file in SHARED_FILES:
        shutil.copy2(source / file, target / file)
    return target
