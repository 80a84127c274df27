"""How long `clmkit generate` takes: 1,000 fields, 20,000 fields over 20 objects, and a run that finds nothing to do.

    python bench/codegen.py [FOLDER] [--check]     --check fails when a bar is broken

FOLDER is where the projects are written. Each run writes into a folder of its own and nothing is deleted before the end: ext4 takes
ten times as long to make a file while it remembers those that were deleted in the last seconds.
Each case is the command itself in a process of its own, best of three; its clock starts after the imports and counts the process's
own time, so that other work on the machine does not. Positions, lint, generation and writing are part of the figure.

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
import contextlib, io, sys, time
import clmkit.codegen.templates
from clmkit.cli.generate import generate
begin = time.process_time()
with contextlib.redirect_stdout(io.StringIO()) as told:
    generate.main([sys.argv[1], "--out", sys.argv[2]], standalone_mode=False)
print(time.process_time() - begin, told.getvalue().splitlines()[-1].partition(": ")[2], sep="\\t")
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


def measure(spec: Path, out: Path, *, anew: bool) -> tuple[float, str]:
    """Seconds of the best of three runs, and what the last one said. `anew`: each run finds no output and nothing kept."""
    times = []
    places = [out.with_suffix(f".{number}") for number in range(2)] if anew else [out, out]
    for place in (*places, out):
        environment = os.environ | {"XDG_CACHE_HOME": str(place.with_name(f"{place.name}.cache"))}
        command = [sys.executable, "-c", RUN, str(spec), str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds, _, said = done.stdout.rstrip().partition("\t")
        times.append(float(seconds))
    return min(times), said


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
        seconds, said = measure(spec, out, anew=kind == "new")
        bar = BARS[kind].get(fields)
        name, floor = floors[kind]
        told = "" if bar is None else f"bar {bar:.2f} {'met' if seconds < bar else 'NOT MET'}"
        holds = holds and (bar is None or seconds < bar)
        beside = floor(spec if kind == "new" else out)
        print(f"{words:47}{seconds:7.3f} s  {told:18}  {name} {beside:.3f} s   {said}")
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="where the projects are written")
    parser.add_argument("--check", action="store_true", help="fail when a bar is broken")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.2f}")
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
