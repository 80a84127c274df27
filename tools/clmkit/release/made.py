"""What the mapping made in an org, by the lists that its deploys left there: by them layouts, list views and labels are known.

A deploy that deletes nothing, such as CumulusCI's, leaves the list of the deploy before beside its own (`clmkit.codegen.made`). All
are read; those of the past go with the release that takes out what left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from clmkit.clients.errors import Unexpected
from clmkit.codegen.destructive import components_of
from clmkit.codegen.made import DIGEST, STATIC_RESOURCE, record_stem
from clmkit.codegen.project import plan_project
from clmkit.mapping.model import Spec
from clmkit.release.components import Key
from clmkit.release.org_access import OrgClients
from clmkit.release.withdrawals import is_taken_out


def list_made(spec: Spec) -> frozenset[Key]:
    """What a mapping makes, of the types that a release takes out. Raises PlanError."""
    return _taken_out(Key(one.metadata_type, one.full_name) for one in components_of(plan_project(spec)))


async def read_made(org: OrgClients, spec_name: str) -> frozenset[Key]:
    """What the org says was made, its lists themselves among it. Raises Unexpected for a list that somebody wrote otherwise."""
    rows = await org.metadata.list_components([STATIC_RESOURCE])
    names = sorted(row.full_name for row in rows if is_record(row.full_name, spec_name))
    files = await org.metadata.retrieve({STATIC_RESOURCE: names}) if names else {}
    return _taken_out(key for name in names for key in parse_record(name, spec_name, files))


def is_record(name: str, spec_name: str) -> bool:
    """Whether a static resource of this name is a list of the mapping."""
    stem = record_stem(spec_name)
    return name.startswith(stem) and bool(DIGEST.fullmatch(name.removeprefix(stem)))


def parse_record(name: str, spec_name: str, files: Mapping[str, bytes]) -> frozenset[Key]:
    """What one list of a retrieved package holds, and itself; nothing for one of a mapping whose name is spelt alike."""
    try:
        document = json.loads(files[f"staticresources/{name}.resource"])
        members = document["made"].items() if document["spec"] == spec_name else ()
        made = [Key(metadata_type, str(one)) for metadata_type, names in members for one in names]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unexpected(
            f"{STATIC_RESOURCE} {name}: is not as clmkit wrote it; delete it in Setup and give `--against` the mapping that runs "
            "now"
        ) from error
    return frozenset((*made, Key(STATIC_RESOURCE, name)) if made else ())


def _taken_out(keys: Iterable[Key]) -> frozenset[Key]:
    return frozenset(filter(is_taken_out, keys))
