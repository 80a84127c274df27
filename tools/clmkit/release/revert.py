"""Put components of an org back to what the package directory says: those components alone, validated first, retrieved after."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from clmkit.codegen.mdapi import CODE_KINDS, Package, convert_source
from clmkit.release.apply import ApplyRefused
from clmkit.release.components import Components, Key, compare_components, without_retired
from clmkit.release.drift import DriftError
from clmkit.release.org_access import OrgClients
from clmkit.release.snapshot import take_snapshot


def select_package(source: Mapping[str, bytes], keys: Collection[Key], api_version: str) -> Package:
    """The package of some components of a source tree alone. Raises DriftError for one that the tree does not hold."""
    chosen: dict[str, bytes] = {}
    found: set[Key] = set()
    for path, content in source.items():
        held = _keys_of(path, content, api_version) & set(keys)
        if held:
            chosen[path] = content
            found |= held
    for key in sorted(set(keys) - found):
        raise DriftError(
            f"{key}: is in the org only; a release that retires it step by step deletes it, a revert does not"
        )
    return convert_source(chosen, api_version)


def _keys_of(path: str, content: bytes, api_version: str) -> set[Key]:
    """The components in a file: one, but for a file of rules or labels; the XML beside code names what the code is."""
    folder, _, name = path.rpartition("/")
    kind = folder.rpartition("/")[2]
    if kind in CODE_KINDS:
        return {Key(CODE_KINDS[kind][0], name.partition(".")[0])}
    components = convert_source({path: content}, api_version).components
    return {Key(component.metadata_type, component.full_name) for component in components}


async def revert(org: OrgClients, package: Package, built: Components) -> list[str]:
    """Deploy the package; answer the components that it put back. Raises ApplyRefused, WireError."""
    for check_only in (True, False):
        deploy_id = await org.metadata.start_deploy(package.files, check_only=check_only)
        result = await org.metadata.wait_for_deploy(deploy_id)
        if not result.is_success:
            lines = [f"{failure.component}: {failure.problem}" for failure in result.failures]
            raise ApplyRefused("\n".join(["the org refuses the revert", *lines]))
    keys = [Key(one.metadata_type, one.full_name) for one in package.components]
    held = (await take_snapshot(org, package.components, "")).only(keys)
    wanted = {key: built[key] for key in keys}
    wrong = compare_components(wanted, without_retired(held, wanted))
    if wrong:
        lines = [f"{change.key} is still not as the package directory says" for change in wrong]
        raise ApplyRefused("\n".join([*lines, "the deploy succeeded and did not take it away: change it in Setup"]))
    return [str(key) for key in keys]
