"""Time to load and lint a mapping, beside bare YAML parsing of the same text.

    python bench/spec_load.py [--check]     --check fails when a bound is broken

Bounds: 1,000 fields in 0.5 s, 20,000 fields over 20 objects in 4.5 s, places of every finding included. Process time is measured,
the best of three: other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable

import yaml

from clmkit.mapping.loader import load_bytes

CASES = ((1, 1_000, 0.5), (20, 1_000, 4.5))

HEAD = """spec: clmkit/v1
name: bench
version: 1.0.0
summary: A spec of many fields.
api_version: "66.0"
prefix: CLM
stewards: {legal_ops: Legal operations}
audiences:
  integration: {label: CLM Integration, kind: integration_user}
  reader: {label: CLM Reader}
latency: {nightly: {at: "02:00"}}
defaults: {owner: clm, latency: nightly, audience: [reader], steward: legal_ops}
objects:
"""

OBJECT = """  object_{number}:
    clm: agreements
    salesforce: CLM_Object_{number}__c
    label: Object {number}
    record_name: {{label: Number, format: "N-{{000000}}"}}
    key: {{clm: id, field: CLM_Id__c, case_sensitive: true}}
    version: {{clm: revision, field: CLM_Version__c}}
    fields:
"""

FIELD = """      field_{number}:
        clm: group.value_{number}
        field: Field_{number}__c
        type: {{text: 80}}
        owner: clm
        latency: nightly
        audience: [reader]
        steward: legal_ops
        description: What value {number} means to the people who read it.
"""


def build_spec(objects: int, fields: int) -> bytes:
    blocks = [HEAD]
    for number in range(objects):
        blocks.append(OBJECT.format(number=number))
        blocks.extend(FIELD.format(number=index) for index in range(fields))
    return "".join(blocks).encode()


def measure(work: Callable[[], object]) -> float:
    """Seconds of process time, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    failed = False
    for objects, fields, bound in CASES:
        data = build_spec(objects, fields)
        errors = load_bytes(data, "bench.yml").errors
        if errors:
            print(errors[0])
            return 2
        bare = measure(functools.partial(yaml.load, data, Loader=yaml.CSafeLoader))
        ours = measure(functools.partial(load_bytes, data, "bench.yml"))
        failed |= ours > bound
        count = f"{objects * fields:,} fields"
        print(
            f"{count:>14}: {ours:5.2f} s with lint and places, {bare:5.2f} s bare YAML, ratio {ours / bare:4.2f}, bound {bound} s"
        )
    return 1 if failed and check else 0


if __name__ == "__main__":
    sys.exit(main())
