"""`clmkit demo` as its users meet it: the whole way, interrupted and gone on with, and given wrong input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.docs.console import File, begins_with_the_demo, parse_page, run_page

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
CLMKIT = Path(sys.executable).parent / "clmkit"
SESSION = re.compile(r"00D\w{12,15}![\w.]{20,}")
PAGES = ROOT / "docs/how-to"
ON_WHAT_IS_LEFT = "operate-the-sync.md"
OWN_CONTRACTS = "bring-your-own-contracts.md"
STEP = re.compile(r"^ *(\d+)/11 (.*?)  +\d+\.\d s  (.*)$", re.MULTILINE)


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(CLMKIT.parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": "/nonexistent", "COLUMNS": "200", "TERM": "dumb", "LANG": "C.UTF-8"}


def copy_project(target: Path) -> Path:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("demo"))


def run_demo(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CLMKIT), "demo", *options],
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def processes_of(project: Path) -> list[str]:
    """Command lines of processes that work below the project's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(project) in line:
                found.append(line)
    return found


@pytest.fixture(scope="module")
def output(project: Path) -> str:
    done = run_demo(project, "--fresh")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def summary(project: Path, output: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((project / "build" / "summary.json").read_text(encoding="utf-8"))
    return document


def test_every_step_is_one_line(output: str) -> None:
    assert [int(number) for number, _, _ in STEP.findall(output)] == list(range(1, 12))


def test_the_readme_shows_the_steps_that_the_demo_takes(output: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [title for _, title, _ in STEP.findall(output)] == [title for _, title, _ in STEP.findall(readme)]


def test_every_contract_is_accounted_for(summary: dict[str, Any]) -> None:
    contracts = summary["contracts"]
    assert contracts["read"] == 200
    assert contracts["read"] == contracts["synced"] + contracts["parked"] + len(contracts["rejected"])
    assert len(contracts["parked_reasons"]) == contracts["parked"]


def test_every_value_is_accounted_for(summary: dict[str, Any]) -> None:
    values = summary["values"]
    assert values["total"] == values["mapped"] + values["empty"] + values["parked"] + values["waiting"]
    assert all(value["reason"] and value["steward"] for value in summary["parked_values"])


def test_both_systems_agree(summary: dict[str, Any]) -> None:
    assert summary["fields"]["differing"] == 0
    assert summary["fields"]["compared"] > 7000


def test_every_suite_ran_and_passed(summary: dict[str, Any]) -> None:
    for suite in summary["suites"].values():
        assert suite["passed"] > 0
        assert (suite["failed"], suite["not_run"]) == (0, 0)


def test_the_summary_times_every_step(summary: dict[str, Any]) -> None:
    assert list(summary["seconds"]) == sorted(
        ["lint", "generate", "twins", "deploy", "apex", "customers", "push", "robot", "pytest", "reconcile", "evidence"]
    )


def test_two_hundred_contracts_take_few_calls(summary: dict[str, Any]) -> None:
    assert sum(summary["api_calls"].values()) <= 25


def test_the_evidence_is_complete(project: Path, output: str) -> None:
    names = {path.name for path in (project / "build" / "evidence").iterdir()}
    assert {"index.html", "junit.xml", "evidence.json", "robot", "pytest.xml"} <= names


def test_no_secret_is_in_what_is_handed_on(project: Path, output: str) -> None:
    texts = [output, *(path.read_text(errors="replace") for path in (project / "build" / "evidence").rglob("*.*"))]
    assert len(texts) > 5
    assert [match[:6] for text in texts for match in SESSION.findall(text)] == []
    secret = json.loads((project / "build" / "run" / "clm.json").read_text())["client_secret"]
    assert not any(secret in text for text in texts)


def test_nothing_is_left_running(project: Path, output: str) -> None:
    assert processes_of(project) == []


def troubles_of(page: str, project: Path, already: dict[str, str]) -> list[str]:
    return run_page((PAGES / page).read_text(encoding="utf-8"), project, environment(), already)


def test_what_the_demo_leaves_behind_is_operated_as_the_page_says(project: Path, output: str) -> None:
    assert troubles_of(ON_WHAT_IS_LEFT, project, {"clmkit demo": output}) == []


def test_every_page_that_begins_with_the_demo_is_carried_out_here() -> None:
    pages = {page.name for page in (ROOT / "docs").rglob("*.md") if begins_with_the_demo(page.read_text("utf-8"))}
    assert pages == {ON_WHAT_IS_LEFT, OWN_CONTRACTS}


def wait_for_line(process: subprocess.Popen[str], start: str) -> list[str]:
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.lstrip().startswith(start):
            return lines
    raise AssertionError(f"no line starts with {start}:\n{''.join(lines)}")


@pytest.fixture
def own_contracts(project: Path) -> str:
    """The three contracts of the page about one's own, as its reader writes them down: the name of the file."""
    (file,) = (step for step in parse_page((PAGES / OWN_CONTRACTS).read_text("utf-8")) if isinstance(step, File))
    (project / file.path).write_text(file.text, encoding="utf-8")
    return file.path


def interrupt(project: Path, number: signal.Signals, after: str, *options: str) -> int:
    """Start a run, end it by a signal right after a step; answer its exit code."""
    process = subprocess.Popen(
        [str(CLMKIT), "demo", *options],
        cwd=project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    wait_for_line(process, after)
    process.send_signal(number)
    assert process.stdout is not None
    process.stdout.read()
    process.stdout.close()
    return process.wait(20)


def none_left_within(project: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while processes_of(project) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes_of(project)


def test_a_run_interrupted_three_times_leaves_no_process_and_goes_on_to_what_the_page_promises(
    project: Path, own_contracts: str
) -> None:
    """By Ctrl-C while it deploys, by SIGTERM and by kill -9 while it pushes."""
    contracts = ("--contracts", own_contracts)
    for number, after, exit_code, options in (
        (signal.SIGINT, "3/11", 130, ("--fresh",)),
        (signal.SIGTERM, "6/11", 130, ()),
        (signal.SIGKILL, "6/11", -9, ()),
    ):
        assert interrupt(project, number, after, *options, *contracts) == exit_code
        assert none_left_within(project, 20)
    done = run_demo(project, *contracts)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ 4/11 Deploy with CumulusCI +done before:", done.stdout, re.MULTILINE)
    assert troubles_of(OWN_CONTRACTS, project, {f"clmkit demo --contracts {own_contracts}": done.stdout}) == []


def test_a_mapping_with_errors_stops_before_anything_is_started(project: Path, tmp_path: Path) -> None:
    spec = tmp_path / "contract.yml"
    text = (ROOT / "mappings/contract.yml").read_text(encoding="utf-8")
    spec.write_text(text.replace("    transform: one_line\n", "    transfrom: one_line\n", 1), encoding="utf-8")
    done = run_demo(project, "--fresh", "--spec", str(spec))
    assert done.returncode == 2
    assert "did you mean transform?" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (project / "build" / "run" / "org.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file or directory"), ("a,b\n1,2\n", "the CLM refuses the file")],
    ids=["no file", "other columns"],
)
def test_a_wrong_file_of_contracts_is_refused_in_words(
    project: Path, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "mine.csv"
    if content is not None:
        file.write_text(content)
    done = run_demo(project, "--fresh", "--contracts", str(file))
    assert done.returncode == 2
    assert words in done.stdout
    assert str(file) in done.stdout
    assert "Traceback" not in done.stdout
