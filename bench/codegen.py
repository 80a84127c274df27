"""How long generation takes: 1,000 fields, 20,000 fields over 20 objects, and a run that finds nothing to do.

    python bench/codegen.py [FOLDER]

FOLDER is where the projects are written: a memory disk (/dev/shm) measures the generator, a busy disk measures the disk.
Each case is a process of its own; its clock starts after the imports. Parsing the YAML is part of the figure.
"""

from __future__ import annotations

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
import sys, time
from pathlib import Path
from clmkit.cli.findings import paused_collector, require_spec
from clmkit.codegen.project import plan_project
from clmkit.codegen.tree import compare_tree, write_tree
import clmkit.codegen.templates
spec_path, out = map(Path, sys.argv[1:])
begin = time.perf_counter()
with paused_collector():
    spec = require_spec(spec_path)
    loaded = time.perf_counter()
    files = plan_project(spec).render()
    rendered = time.perf_counter()
    comparison = compare_tree(files, out)
write_tree(comparison, out)
end = time.perf_counter()
print(f"{end - begin:7.3f} s   load {loaded - begin:.3f}  render {rendered - loaded:.3f}  "
      f"compare and write {end - rendered:.3f}   {len(files)} files, {len(comparison.changes)} changed")
"""


def write_spec(path: Path, objects: int, fields: int) -> None:
    parts = [HEAD]
    for number in range(objects):
        parts.append(OBJECT.format(number=number))
        parts += [FIELD.format(number=at, type=TYPES[at % len(TYPES)]) for at in range(fields)]
    path.write_text("".join(parts), encoding="utf-8")


def measure(title: str, spec: Path, out: Path) -> None:
    command = [sys.executable, "-c", RUN, str(spec), str(out)]
    print(f"{title:32}{subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()}")


def main() -> None:
    shipped = Path(__file__).parents[1] / "mappings" / "contract.yml"
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        root = Path(folder)
        for title, objects, fields in (("1,000 fields", 2, 500), ("20,000 fields, 20 objects", 20, 1000)):
            spec, out = root / f"{fields}.yml", root / f"out{fields}"
            write_spec(spec, objects, fields)
            measure(title, spec, out)
            measure(f"{title}, nothing changed", spec, out)
        measure("shipped spec", shipped, root / "shipped")
        measure("shipped spec, nothing changed", shipped, root / "shipped")


if __name__ == "__main__":
    main()
