"""Who made an edit, as roles: what the precedence rows of a shared field ask for.

    await editors.prepare(user_ids)                     # one query, two where somebody is in a permission set group
    edited = editors.judge(column, user_ids)            # in Salesforce
    edited = clm_roles.judge(actors)                    # in the CLM

A role is an audience of the spec; a person has it who has its permission set, assigned or through a group. Nothing is guessed. It
is not known who edited a field when nobody is named; when the one who is named is the integration user, because its automations
save for others; when they may not edit the field, because then somebody else did before them; and when the org shows no permission
sets of them, not even the one that every profile has.

Whom the CLM names as the actor of a change has the roles that the configuration gives them (`clm.roles`): the CLM's people have no
permission sets. Where it gives none to anybody, a row for roles is for edits in Salesforce alone. A change without an actor was
made by nobody knows whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from clmkit.clients.clm import CLIENT_NAME
from clmkit.clients.errors import Refused
from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec
from clmkit.sync.org_rows import read_in
from clmkit.sync.ports import Org
from clmkit.sync.rows import WITHOUT_ROLES, Edited

ASSIGNED = ("AssigneeId", "PermissionSet.Name", "PermissionSetGroupId")
GROUPED = ("PermissionSetGroupId", "PermissionSet.Name")


def asks_for_editors(mapping: ObjectMapping) -> bool:
    """Whether it matters who edits records of this object."""
    return any(row.roles for column in mapping.columns for row in column.precedence)


@dataclass(frozen=True, slots=True)
class ClmRoles:
    """`names` are those of actors by role, in any case of letters; `*` stands for any text."""

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def judge(self, actors: Iterable[str]) -> Edited:
        """Who may have made an edit, when these made the changes since it was agreed on. What the sync wrote is no edit."""
        if not self.names:
            return WITHOUT_ROLES
        people = sorted({actor for actor in actors if actor != CLIENT_NAME})
        if not all(people) or not people:
            return Edited(unknown="the CLM does not say who changed it")
        return Edited(tuple(self._roles_of(actor.casefold()) for actor in people))

    def _roles_of(self, actor: str) -> frozenset[str]:
        return frozenset(
            role for role, names in self.names.items() if any(fnmatchcase(actor, name.casefold()) for name in names)
        )


@dataclass(slots=True)
class Editors:
    """One run's knowledge of people; permission sets that change meanwhile are seen by the next run."""

    spec: Spec
    org: Org
    _roles: dict[str, frozenset[str] | None] = field(default_factory=dict)

    async def prepare(self, user_ids: Iterable[str]) -> None:
        """Ask for the roles of those who are not known yet. A refusal of the org is remembered as not known."""
        new = {user for user in user_ids if user} - self._roles.keys()
        if not new:
            return
        try:
            sets = await self._read_sets(new)
        except Refused:
            sets = {}
        roles = {audience.permission_set: audience.name for audience in self.spec.audiences}
        for user in new:
            names = sets.get(user)
            self._roles[user] = None if names is None else frozenset(roles[name] for name in names if name in roles)

    def judge(self, column: FieldMapping, user_ids: Sequence[str]) -> Edited:
        """Who may have made the edit of a field, when these people saved the record since it was agreed on."""
        if not user_ids:
            return Edited(unknown="Salesforce does not say who changed it")
        found: list[frozenset[str]] = []
        for user in user_ids:
            roles = self._roles.get(user)
            if roles is None:
                return Edited(unknown=f"the org does not show which permission sets user {user} has")
            if self.spec.integration.name in roles:
                return Edited(unknown="an automation under the integration user saved the record last")
            if not roles.isdisjoint(column.editors):
                found.append(roles)
        if not found:
            return Edited(unknown=f"user {', '.join(user_ids)} saved the record last and may not edit this field")
        return Edited(tuple(found))

    async def is_person(self, user_ids: Iterable[str]) -> bool:
        """Whether one of them is a person: somebody whose permission sets the org shows, and not the integration user."""
        users = list(user_ids)
        await self.prepare(users)
        known = [roles for user in users if (roles := self._roles.get(user)) is not None]
        return any(self.spec.integration.name not in roles for roles in known)

    async def _read_sets(self, users: set[str]) -> Mapping[str, set[str]]:
        """The names of the permission sets that people have."""
        sets: dict[str, set[str]] = {}
        members: dict[str, list[str]] = {}
        async for row in read_in(self.org, "PermissionSetAssignment", ASSIGNED, "AssigneeId", users):
            user = str(row["AssigneeId"])
            sets.setdefault(user, set()).add(_name(row))
            if row.get("PermissionSetGroupId"):
                members.setdefault(str(row["PermissionSetGroupId"]), []).append(user)
        if members:
            async for row in read_in(self.org, "PermissionSetGroupComponent", GROUPED, "PermissionSetGroupId", members):
                for user in members[str(row["PermissionSetGroupId"])]:
                    sets[user].add(_name(row))
        return sets


def _name(row: Mapping[str, object]) -> str:
    related = row.get("PermissionSet")
    return str(related.get("Name") or "") if isinstance(related, dict) else ""
