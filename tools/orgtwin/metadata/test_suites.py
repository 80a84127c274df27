"""Test suites: objects of the Tooling API, and names of the classes that a run asks for by its suites.

Source: "ApexTestSuite" (Metadata API Developer Guide, Tooling API Developer Guide), "TestSuiteMembership" (Tooling API Developer
Guide). ASSUMED: the prefix of a membership's id, which is made of its suite's, and the texts of refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orgtwin.errors import SalesforceError
from orgtwin.ids import checksum
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.records.model import Value

TYPE = "ApexTestSuite"
_MEMBER_PREFIX = "0TM"


def suite_rows(service: MetadataService) -> Iterator[dict[str, Value]]:
    for suite in service.components.of_type(TYPE):
        yield {"Id": suite.id, "TestSuiteName": suite.full_name}


def membership_rows(service: MetadataService) -> Iterator[dict[str, Value]]:
    for suite in service.components.of_type(TYPE):
        for place, name in enumerate(suite.body.values("testClassName")):
            class_id = find_row(service.org, "ApexClass", Name=name)
            if class_id is not None:
                short = f"{_MEMBER_PREFIX}{str(suite.id)[3:12]}{place:03d}"
                yield {"Id": short + checksum(short), "ApexTestSuiteId": suite.id, "ApexClassId": class_id}


def classes_of(service: MetadataService, names: Iterable[str], ids: Iterable[str]) -> Iterator[str]:
    """The classes of suites, one that stands in several once. Raises INVALID_INPUT for a suite that is not there."""
    suites = service.components.of_type(TYPE)
    by_name = {suite.full_name.lower(): suite for suite in suites}
    by_id = {str(suite.id)[:15]: suite for suite in suites}
    asked = [(name, by_name.get(name.lower())) for name in names]
    asked += [(suite_id, by_id.get(suite_id[:15])) for suite_id in ids]
    told: set[str] = set()
    for given, suite in asked:
        if suite is None:
            raise SalesforceError("INVALID_INPUT", f"This test suite does not exist: {given}")
        for name in suite.body.values("testClassName"):
            if name not in told:
                told.add(name)
                yield name
