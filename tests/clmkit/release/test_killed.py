"""An apply that is killed with kill -9 at any line of its output is finished by the same command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clmkit.release.conftest import Org

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("release")]

CLMKIT = str(Path(sys.executable).parent / "clmkit")


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_a_killed_apply_is_finished_by_the_next_one(org: Org, lines: int) -> None:
    """Killed before anything, after the validation and after the deploy; the last line would be the verification."""
    org.rewrite("type: {text: 80}", "type: {text: %d}" % (120 + lines))  # noqa: UP031 - braces
    plan_hash = org.plan()[1]["hash"]
    command = [CLMKIT, "apply", plan_hash, "--org", str(org.ready_file)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=org.project, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(lines):
            assert child.stdout.readline().startswith("project: ")
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
    code, output = org.release("apply", plan_hash)
    assert code == 0, output
    assert output.splitlines()[-2].endswith(" components retrieved as deployed")
    assert org.plan()[1]["empty"] is True
