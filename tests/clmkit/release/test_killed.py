"""An apply that is killed with kill -9 is finished by the same command; `test_interrupted` ends it at every step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clmkit.release.conftest import Org

pytestmark = pytest.mark.e2e

CLMKIT = str(Path(sys.executable).parent / "clmkit")


def test_a_killed_apply_is_finished_by_the_next_one(org: Org) -> None:
    """Killed after the validation."""
    org.rewrite("type: {text: 80}", "type: {text: 120}")
    plan_hash = org.plan()[1]["hash"]
    command = [CLMKIT, "apply", plan_hash, "--org", str(org.ready_file)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=org.project, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "project: validated\n"
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
    code, output = org.release("apply", plan_hash)
    assert code == 0, output
    assert output.splitlines()[-2].endswith(" components retrieved as deployed")
    assert org.plan()[1]["empty"] is True
