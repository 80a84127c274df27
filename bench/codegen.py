"""How long `clmkit generate` takes: 1,000 fields, 20,000 fields over 20 objects, and a run that finds nothing to do.

    python bench/codegen.py [FOLDER] [--check]     --check fails when a bar is broken

FOLDER is where the projects are written; it is made when it is not there. Each run writes into a folder of its own and nothing is
deleted before the end: ext4 takes two to ten times as long to make a file while it remembers those deleted in the last minutes.
Each case is the command itself in a process of its own, best of three; its clock starts after the imports. Positions, lint,
generation and writing are part of the figure.

Many new files are written by two processes. The figure that a bar is held against is the processor time that one waits for: this
process's own, and what the fork took longer than it while both wrote. Other work on the machine does not count in it; what the
clock said and the processor time of both stand beside it. While a second core is free the clock says the same.

Beside each stands a floor, measured the same way: what libyaml (PyYAML's CSafeLoader) takes to parse the same text without
positions, lint or output; for a run that finds nothing to do, what `sha256sum --check` takes to read the same files.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HEAD = """spec: clmkit/v1
name: large
version: 1.0.0
summary: Measures the generator.
api_version: "66.0"
prefix: CLM
currency: {org: USD}
stewards: {legal_ops: Legal operations}
audiences:
  integration: {label: CLM Integration, kind: integration_user, description: The sync.}
  reader: {label: CLM Reader, description: People.}
latency:
  nightly: {at: "02:00"}
defaults: {owner: clm, latency: nightly, audience: [reader], steward: legal_ops}
objects:
  contract:
    clm: agreements
    salesforce: Contract
    key: {clm: id, field: CLM_Id__c, length: 64, case_sensitive: true}
    version: {clm: revision, field: CLM_Version__c}
    parents:
      account: {clm: counterparty.id, field: AccountId, match: Account.CLM_Party_Id__c}
    fields: {}
  account:
    clm: agreements.counterparty
    salesforce: Account
    owner: salesforce
    key: {clm: id, field: CLM_Party_Id__c, length: 64, case_sensitive: true}
    fields: {}
"""
OBJECT = """  part_{number}:
    clm: agreements.part_{number}
    salesforce: CLM_Part_{number}__c
    label: CLM Part {number}
    plural_label: CLM Parts {number}
    record_name: {{label: Number, format: "N-{{000000}}"}}
    key: {{clm: id, field: CLM_Id__c, length: 64, case_sensitive: true}}
    parents:
      contract: {{clm: /id, field: Contract__c, match: Contract.CLM_Id__c, kind: master_detail}}
    fields:
"""
FIELD = """      field_{number}:
        clm: values.field_{number}
        field: Field_{number}__c
        type: {type}
        description: A value.
"""
TYPES = (
    "{text: 80}",
    "{currency: {precision: 18, scale: 2, code: value.currency}}",
    "date",
    "checkbox",
    "{number: {precision: 9, scale: 0}}",
)

RUN = """
import contextlib, io, os, sys, time
import clmkit.codegen.templates
from clmkit.cli.generate import generate
from clmkit.codegen import tree
def stage_files(files, staging, stage=tree.stage_files):
    global shared
    before = time.process_time()
    stage(files, staging)
    shared = time.process_time() - before
tree.stage_files, shared = stage_files, 0.0
begin, clock = time.process_time(), time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()) as told:
    generate.main([sys.argv[1], "--out", sys.argv[2]], standalone_mode=False)
own, clock = time.process_time() - begin, time.perf_counter() - clock
fork = os.times().children_user + os.times().children_system
print(own + max(0.0, fork - shared), clock, own + fork, told.getvalue().splitlines()[-1].partition(": ")[2], sep="\\t")
"""

PARSE = """
import sys, time, yaml
with open(sys.argv[1], "rb") as file:
    text = file.read()
begin = time.process_time()
yaml.load(text, Loader=yaml.CSafeLoader)
print(time.process_time() - begin)
"""

BARS = {"new": {1_000: 0.5, 20_000: 4.5}, "same": {1_000: 0.15}}
"""Seconds by kind of run and number of fields."""


def write_spec(path: Path, objects: int, fields: int) -> None:
    parts = [HEAD]
    for number in range(objects):
        parts.append(OBJECT.format(number=number))
        parts += [FIELD.format(number=at, type=TYPES[at % len(TYPES)]) for at in range(fields)]
    path.write_text("".join(parts), encoding="utf-8")


class Run(NamedTuple):
    """One run, in seconds."""

    waited: float  # processor time that one waits for
    clock: float
    spent: float  # processor time of both processes
    said: str


def measure(spec: Path, out: Path, *, anew: bool) -> Run:
    """The best of three runs. `anew`: each run finds no output and nothing kept."""
    runs = []
    places = [out.with_suffix(f".{number}") for number in range(2)] if anew else [out, out]
    for place in (*places, out):
        environment = os.environ | {"XDG_CACHE_HOME": str(place.with_name(f"{place.name}.cache"))}
        command = [sys.executable, "-c", RUN, str(spec), str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        waited, clock, spent, said = done.stdout.rstrip("\n").split("\t")
        runs.append(Run(float(waited), float(clock), float(spent), said))
    return min(runs)


def parse_alone(spec: Path) -> float:
    """Seconds that libyaml takes for the text alone."""
    command = [sys.executable, "-c", PARSE, str(spec)]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3))


def digest_alone(out: Path) -> float:
    """Seconds that `sha256sum --check` takes for the generated files."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = ["sha256sum", "--check", "--quiet", "files.sha256"]
        subprocess.run(command, cwd=out / "generated", check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def report(title: str, fields: int, spec: Path, out: Path) -> bool:
    """Print both runs of one spec; whether every bar holds."""
    holds = True
    floors = {"new": ("libyaml parse alone", parse_alone), "same": ("sha256sum --check", digest_alone)}
    for kind, words in (("new", title), ("same", f"{title}, nothing changed")):
        run = measure(spec, out, anew=kind == "new")
        bar = BARS[kind].get(fields)
        name, floor = floors[kind]
        told = "" if bar is None else f"bar {bar:.2f} {'met' if run.waited < bar else 'NOT MET'}"
        holds = holds and (bar is None or run.waited < bar)
        beside = floor(spec if kind == "new" else out)
        times = f"{run.waited:7.3f} s  {told:18}  by the clock {run.clock:.3f}, of both {run.spent:.3f} s"
        print(f"{words:47}{times}  {name} {beside:.3f} s   {run.said}", flush=True)
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where the projects are written")
    parser.add_argument("--check", action="store_true", help="fail when a bar is broken")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.2f}")
    try:
        if options.folder:
            options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{options.folder}: {error.strerror}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root, holds = Path(folder), True
        for title, objects, fields in (("1,000 fields", 2, 500), ("20,000 fields over 20 objects", 20, 1000)):
            spec = root / f"{fields}.yml"
            write_spec(spec, objects, fields)
            holds &= report(title, objects * fields, spec, root / f"out{fields}")
        shipped = Path(__file__).parents[1] / "mappings" / "contract.yml"
        report("the shipped spec", 0, shipped, root / "shipped")
    return 1 if options.check and not holds else 0


if __name__ == "__main__":
    sys.exit(main())
