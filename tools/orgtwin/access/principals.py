"""For whom a user stands when records are shared: the user, those below in the role hierarchy, and the groups of all of them.

A share or a sharing rule names a user or a group. A role is shared with through its two groups (Type Role and RoleAndSubordinates,
RelatedId the role), all internal users through the group of Type Organization. Whoever stands above one of the sharees in the role
hierarchy has the same access, unless the group says otherwise.
Sources: "Group", "GroupMember" (Object Reference); "Role Hierarchy", "What Is a Group?" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from orgtwin.records.model import Table

ROLE, ROLE_AND_SUBORDINATES, ORGANIZATION, QUEUE, REGULAR = (
    "Role",
    "RoleAndSubordinates",
    "Organization",
    "Queue",
    "Regular",
)
_WITH_BOSSES = frozenset({ROLE, ROLE_AND_SUBORDINATES, QUEUE})  # a public group says for itself


class Tables(Protocol):
    def table(self, sobject_type: str) -> Table: ...


@dataclass(frozen=True, slots=True)
class Principals:
    """`people` own records that the user may treat as own; `all_ids` are people and groups whose shares reach the user."""

    people: frozenset[str]
    all_ids: frozenset[str]


def principals_of(tables: Tables, user_id: str) -> Principals:
    below = _people_below(tables, user_id)
    own_groups = groups_of(tables, user_id)
    inherited = {group for person in below for group in groups_of(tables, person) if _reaches_bosses(tables, group)}
    people = below | {user_id}
    return Principals(frozenset(people), frozenset(people | own_groups | inherited))


def groups_of(tables: Tables, user_id: str) -> set[str]:
    """Every group that a user is in: by role, as anybody inside, and by membership, directly or through a group."""
    waiting = [user_id, *_role_groups(tables, user_id), *_of_type(tables, ORGANIZATION)]
    found = set(waiting[1:])
    members = tables.table("GroupMember")
    group_of = members.reader("GroupId")
    while waiting:
        for row in members.find("UserOrGroupId", waiting.pop()):
            group_id = str(group_of(row))
            if group_id not in found:
                found.add(group_id)
                waiting.append(group_id)
    return found


def users_in(tables: Tables, group_id: str) -> frozenset[str]:
    """Every user who is in a group."""
    users = tables.table("User").rows()
    return frozenset(str(row[0]) for row in users if group_id in groups_of(tables, str(row[0])))


def find_role_group(tables: Tables, role_id: str, kind: str) -> str | None:
    """The group through which a role, or a role and those below, is shared with."""
    groups = tables.table("Group")
    kind_of = groups.reader("Type")
    return next((str(row[0]) for row in groups.find("RelatedId", role_id) if kind_of(row) == kind), None)


def find_everybody(tables: Tables) -> str | None:
    """The group of all internal users."""
    return next(iter(_of_type(tables, ORGANIZATION)), None)


def find_named(tables: Tables, sobject_type: str, name: str, *kinds: str) -> str | None:
    """The id of a Group or UserRole by developer name; groups of these types only."""
    table = tables.table(sobject_type)
    name_of = table.reader("DeveloperName")
    kind_of = table.reader("Type")
    wanted = name.lower()
    return next(
        (
            str(row[0])
            for row in table.rows()
            if str(name_of(row)).lower() == wanted and (not kinds or kind_of(row) in kinds)
        ),
        None,
    )


def _of_type(tables: Tables, kind: str) -> list[str]:
    groups = tables.table("Group")
    kind_of = groups.reader("Type")
    return [str(row[0]) for row in groups.rows() if kind_of(row) == kind]


def _reaches_bosses(tables: Tables, group_id: str) -> bool:
    groups = tables.table("Group")
    row = groups.get(group_id)
    if row is None:
        return False
    return groups.reader("Type")(row) in _WITH_BOSSES or groups.reader("DoesIncludeBosses")(row) is True


def _role_groups(tables: Tables, user_id: str) -> Iterator[str]:
    """The group of the user's role, and of that role and all above those that take subordinates in."""
    role_id = _role_of(tables, user_id)
    if role_id is None:
        return
    yield from filter(None, [find_role_group(tables, role_id, ROLE)])
    roles = tables.table("UserRole")
    parent_of = roles.reader("ParentRoleId")
    seen = set[str]()
    while role_id is not None and role_id not in seen:
        seen.add(role_id)
        yield from filter(None, [find_role_group(tables, role_id, ROLE_AND_SUBORDINATES)])
        row = roles.get(role_id)
        above = parent_of(row) if row is not None else None
        role_id = above if isinstance(above, str) else None


def _role_of(tables: Tables, user_id: str) -> str | None:
    users = tables.table("User")
    row = users.get(user_id)
    role_id = users.reader("UserRoleId")(row) if row is not None else None
    return role_id if isinstance(role_id, str) else None


def _people_below(tables: Tables, user_id: str) -> set[str]:
    """All users in roles below the user's role."""
    role_id = _role_of(tables, user_id)
    roles = _below(tables, [role_id]) if role_id is not None else ()
    users = tables.table("User")
    return {str(row[0]) for role in roles for row in users.find("UserRoleId", role)}


def _below(tables: Tables, role_ids: Iterable[str]) -> set[str]:
    roles = tables.table("UserRole")
    waiting, found = list(role_ids), set[str]()
    while waiting:
        for row in roles.find("ParentRoleId", waiting.pop()):
            if str(row[0]) not in found:
                found.add(str(row[0]))
                waiting.append(str(row[0]))
    return found
