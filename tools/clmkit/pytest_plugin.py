"""pytest fixtures, there in every environment that has clmkit installed: both systems running, deployed, with customers in them.

With CLMKIT_RUN naming the folder of a run (as `clmkit demo` sets it) the suite joins it; without, the session starts a run of its
own and ends it. Imports wait until a fixture is asked for: other suites in the same environment pay nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from clmkit.cli.demo.trial import Trial
    from clmkit.robotlib import Lifecycle

RUN_FOLDER = "CLMKIT_RUN"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """The folder of a run: ready files, sync configuration, state."""
    if RUN_FOLDER in os.environ:
        yield Path(os.environ[RUN_FOLDER])
        return
    from clmkit.cli.demo.systems import running_systems

    with running_systems(pytestconfig.rootpath, tmp_path_factory.mktemp("project")) as folder:
        yield folder


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Trial]:
    """The project's `mappings/contract.yml` deployed to both twins, with the agreements of `datasets/agreements.json`."""
    from clmkit.cli.demo.trial import running_trial

    root = pytestconfig.rootpath
    agreements = json.loads((root / "datasets/agreements.json").read_text(encoding="utf-8"))
    with running_trial(root / "mappings/contract.yml", agreements, tmp_path_factory.mktemp("trial")) as both:
        yield both


@pytest.fixture
def lifecycle(run_folder: Path) -> Iterator[Lifecycle]:
    """A person in the CLM, a person in Salesforce, and the sync between them."""
    from clmkit.robotlib import Lifecycle

    keywords = Lifecycle(str(run_folder))
    yield keywords
    keywords.close()
