"""Working copies and their requests as objects of the Tooling API, to be queried and got."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from orgtwin.apex.containers import Member, Workspace
from orgtwin.metadata.tooling_tables import tooling_type
from orgtwin.records.model import Value
from orgtwin.soql.catalog import MadeWhenShown, VirtualTable, VirtualTables

Values = dict[str, Value]


def register_container_tables(tables: VirtualTables, find_workspace: Callable[[], Workspace]) -> None:
    """Make the objects of this module queryable."""
    for name, (fields, rows) in CONTAINER_OBJECTS.items():
        provider = lambda _org, _caller, rows=rows: rows(find_workspace())  # noqa: E731  (bound in a loop)
        tables.register(VirtualTable(tooling_type(name, fields), provider))


def _containers(workspace: Workspace) -> Iterator[Values]:
    for container in workspace.containers.values():
        yield {"Id": container.id, "Name": container.name}


def _members(type_name: str) -> Callable[[Workspace], Iterator[Values]]:
    def rows(workspace: Workspace) -> Iterator[Values]:
        for member in workspace.members.values():
            if member.type_name == type_name:
                yield {
                    "Id": member.id,
                    "MetadataContainerId": member.container_id,
                    "ContentEntityId": member.entity_id,
                    "FullName": member.full_name,
                    "Body": member.body,
                    "LastSyncDate": member.last_sync,
                    "SymbolTable": MadeWhenShown(partial(_symbols, workspace, member)),  # type: ignore[dict-item]
                }

    return rows


def _symbols(workspace: Workspace, member: Member) -> object:
    """None for what does not parse, or did not compile when its container was last carried out."""
    from orgtwin.apex.symbol_tables import class_names
    from orgtwin.apex.symbols import symbol_table

    if member.is_refused:
        return None
    return symbol_table(member.body, member.entity_id, class_names(workspace.org))


def _requests(workspace: Workspace) -> Iterator[Values]:
    for done in workspace.requests.values():
        yield {
            "Id": done.id,
            "MetadataContainerId": done.container_id,
            "MetadataContainerMemberId": done.member_id,
            "IsCheckOnly": done.is_check_only,
            "IsRunTests": False,
            "State": done.state,
            "ErrorMsg": done.error,
            "DeployDetails": {"componentFailures": done.failures},  # type: ignore[dict-item]  # a complex value
        }


_MEMBER = "MetadataContainerId ContentEntityId FullName Body:t LastSyncDate:d SymbolTable:c"
CONTAINER_OBJECTS: dict[str, tuple[str, Callable[[Workspace], Iterator[Values]]]] = {
    "MetadataContainer": ("Name", _containers),
    "ApexClassMember": (_MEMBER, _members("ApexClassMember")),
    "ApexTriggerMember": (_MEMBER, _members("ApexTriggerMember")),
    "ContainerAsyncRequest": (
        "MetadataContainerId MetadataContainerMemberId IsCheckOnly:b IsRunTests:b State ErrorMsg:t DeployDetails:c",
        _requests,
    ),
}
"""Fields and rows by name of the object."""
