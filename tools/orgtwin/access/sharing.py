"""Which rows of an object a user sees, may change, and may delete or give away.

A record is open as far as the widest of these goes; each is one test below:

    default        the organization-wide default of its object
    parent         controlled by parent: what the user may do with the parent; to change a detail takes Read/Write on its master
    owner          the user, a person below in the role hierarchy, or a queue that one of them is in: everything
    share          an entry of the object's share table for the user or a group (manual, or by Apex)
    rule           a sharing rule to a group of the user
    account        of a case, contact, opportunity or contract: what its account's owner, shares and rules give on it
    child          of an account: read, to whom owns or shares in a case, contact, opportunity, contract or order of it
    related        of a task or event: read, to whoever sees a record that it is about

Sources: "Sharing Settings", "Organization-Wide Sharing Defaults", "Role Hierarchy", "Sharing Rules", "Controlled by Parent"
(Salesforce Help); "AccountShare", "UserRole" (Object Reference), whose RowCause and access levels for account owners tell of the
implicit sharing between accounts and what belongs to them.
ASSUMED: an account owner without a role has no access to the account's cases, contacts and opportunities by that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from orgtwin.access.grants import RowFilter
from orgtwin.access.levels import BY_NAME, CONTROLLED_BY_PARENT, Level, default_level
from orgtwin.access.principals import principals_of
from orgtwin.access.sharing_rules import KEY, SharingRule, compile_rules
from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.companions import find_share, find_shared
from orgtwin.schema.model import Field, Schema, SObjectType

_PARENTS: Mapping[str, str] = {
    **dict.fromkeys(("Asset", "Contact", "Contract", "Order"), "AccountId"),
    **dict.fromkeys(("OpportunityLineItem", "OpportunityContactRole", "Quote"), "OpportunityId"),
    **dict.fromkeys(("Attachment", "Note", "CaseComment"), "ParentId"),
    "AccountContactRole": "AccountId",
    "CampaignMember": "CampaignId",
    "ContractContactRole": "ContractId",
    "OrderItem": "OrderId",
    "Partner": "AccountFromId",
    "QuoteLineItem": "QuoteId",
    "TopicAssignment": "EntityId",
}
"""Through which field a standard object is controlled by its parent."""

_WITH_ACCOUNT = ("Case", "Contact", "Opportunity", "Contract")
_BELOW_ACCOUNT = (*_WITH_ACCOUNT, "Order")
_RELATED: Mapping[str, tuple[str, ...]] = {"Task": ("WhatId", "WhoId"), "Event": ("WhatId", "WhoId")}


class Tables(Protocol):
    @property
    def schema(self) -> Schema: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    def table(self, sobject_type: str) -> RecordTable: ...


MayUse = Callable[[str], bool]  # whether the user may read an object at all
Explicit = Callable[[Row, Level], bool]


class Sharing:
    """Row filters of one user. None stands for "all rows"."""

    def __init__(self, tables: Tables, user_id: str, may_read: MayUse, sees_all: Callable[[str, Level], bool]) -> None:
        self._tables = tables
        self._principals = principals_of(tables, user_id)
        self._may_read = may_read
        self._sees_all = sees_all
        self._rules: dict[str, list[SharingRule]] = {}
        self._granting: dict[str, Explicit] = {}
        self._filters: dict[tuple[str, Level], RowFilter | None] = {}

    def at_least(self, sobject_type: SObjectType, level: Level) -> RowFilter | None:
        """Which rows this user may use that far."""
        key = (sobject_type.api_name, level)
        if key not in self._filters:
            self._filters[key] = self._compile(sobject_type, level)
        return self._filters[key]

    def _compile(self, t: SObjectType, level: Level) -> RowFilter | None:
        if t.setup or self._sees_all(t.api_name, level):
            return None
        if t.sharing_model.lower() == CONTROLLED_BY_PARENT:
            return self._by_parent(t, level)
        if default_level(t) >= level or t.find_field("OwnerId") is None:
            return None
        tests = [self._explicit(t), *self._implicit(t)]
        if len(tests) == 1:
            only = tests[0]
            return lambda row: only(row, level)
        return lambda row: any(test(row, level) for test in tests)

    # ---- owner, shares, rules

    def _explicit(self, t: SObjectType) -> Explicit:
        """Owner, share and rule: what somebody has on the record itself, whatever the default."""
        found = self._granting.get(t.api_name)
        if found is None:
            found = self._granting[t.api_name] = self._compile_explicit(t)
        return found

    def _compile_explicit(self, t: SObjectType) -> Explicit:
        if t.find_field("OwnerId") is None:
            return lambda _row, _level: False
        owner_of = self._tables.table(t.api_name).reader("OwnerId")
        owners = self._principals.all_ids
        level_of = self._shared_level(t, None)

        def grants(row: Row, level: Level) -> bool:
            return owner_of(row) in owners or (level < Level.FULL and level_of(row) >= level)

        return grants

    def _shared_level(self, t: SObjectType, child: str | None) -> Callable[[Row], Level]:
        """How far shares and rules of a record go for this user; `child`: on that kind of record below an account."""
        rules = [
            (rule.matches, rule.children.get(child, Level.NONE) if child else rule.level) for rule in self._own_rules(t)
        ]
        share = find_share(self._tables.schema, t.api_name)
        entries = self._tables.table(share.api_name) if share is not None else None
        if share is None or entries is None:
            return lambda row: max((level for matches, level in rules if matches(row)), default=Level.NONE)
        everybody = self._principals.all_ids
        sharee_of = entries.reader("UserOrGroupId")
        word_of = entries.reader(f"{child}AccessLevel" if child else share.level_field)
        field = share.parent_field

        def level_of(row: Row) -> Level:
            found = max((level for matches, level in rules if matches(row)), default=Level.NONE)
            if len(entries):
                for entry in entries.find(field, row[0]):
                    if sharee_of(entry) in everybody:
                        found = max(found, BY_NAME.get(str(word_of(entry)), Level.NONE))
            return found

        return level_of

    def _own_rules(self, t: SObjectType) -> list[SharingRule]:
        """The rules of an object that reach this user."""
        found = self._rules.get(t.api_name)
        if found is None:
            found = self._rules[t.api_name] = [
                rule for rule in self._all_rules(t) if rule.target in self._principals.all_ids
            ]
        return found

    def _all_rules(self, t: SObjectType) -> Sequence[SharingRule]:
        stored = self._tables.settings.get(KEY)
        rules = stored.get(t.api_name, ()) if isinstance(stored, dict) else ()
        return compile_rules(self._tables, rules, self._tables.table(t.api_name)) if rules else ()

    # ---- between accounts and what belongs to them

    def _implicit(self, t: SObjectType) -> Iterator[Explicit]:
        if t.api_name == "Account":
            yield from map(self._through_child, _BELOW_ACCOUNT)
        if t.api_name in _WITH_ACCOUNT:
            yield self._through_account(t)
        if t.api_name in _RELATED:
            yield self._through_related(t)

    def _through_child(self, child: str) -> Explicit:
        """Contracts and orders count for their owners alone."""
        child_type = self._tables.schema.find_type(child)
        if child_type is None or child_type.sharing_model.lower() == CONTROLLED_BY_PARENT or not self._may_read(child):
            return lambda _row, _level: False
        children, granted = self._tables.table(child), self._explicit(child_type)
        needed = Level.FULL if child in ("Contract", "Order") else Level.READ

        def through(row: Row, level: Level) -> bool:
            if level is not Level.READ or not len(children):
                return False
            return any(granted(one, needed) for one in children.find("AccountId", row[0]))

        return through

    def _through_account(self, t: SObjectType) -> Explicit:
        account_type = self._tables.schema.find_type("Account")
        if account_type is None:
            return lambda _row, _level: False
        accounts = self._tables.table("Account")
        account_of = self._tables.table(t.api_name).reader("AccountId")
        owner_of, people = accounts.reader("OwnerId"), self._principals.all_ids
        follows_account = t.api_name == "Contract"
        of_owner = (lambda _owner: Level.EDIT) if follows_account else self._level_for_account_owners(t.api_name)
        shared = self._shared_level(account_type, None if follows_account else t.api_name)

        def through(row: Row, level: Level) -> bool:
            account_id = account_of(row)
            account = accounts.live.get(account_id) if isinstance(account_id, str) else None
            if account is None or level is Level.FULL:
                return False
            owner = owner_of(account)
            return (owner in people and of_owner(owner) >= level) or shared(account) >= level

        return through

    def _level_for_account_owners(self, child: str) -> Callable[[Value], Level]:
        """By the role of the account's owner: None, Read or Edit."""
        users, roles = self._tables.table("User"), self._tables.table("UserRole")
        role_of, word_of = users.reader("UserRoleId"), roles.reader(f"{child}AccessForAccountOwner")

        def level_of(owner: Value) -> Level:
            user = users.live.get(str(owner))
            role_id = role_of(user) if user is not None else None
            role = roles.live.get(role_id) if isinstance(role_id, str) else None
            return Level.NONE if role is None else BY_NAME.get(str(word_of(role)), Level.NONE)

        return level_of

    def _through_related(self, t: SObjectType) -> Explicit:
        readers = [self._reads_record(t, f) for f in map(t.find_field, _RELATED[t.api_name]) if f is not None]
        return lambda row, level: level is Level.READ and any(reads(row) is True for reads in readers)

    # ---- controlled by parent

    def _by_parent(self, t: SObjectType, level: Level) -> RowFilter | None:
        shared = find_shared(self._tables.schema, t.api_name)
        if shared is not None:
            level = (
                Level.READ if level is Level.READ else Level.FULL
            )  # who may share a record may change who shares in it
        field = _parent_field(t, shared.parent_field if shared is not None else None)
        if field is None:
            return None
        reads = self._reads_record(t, field, _level_on_parent(field, level))
        if t.find_field("OwnerId") is None:
            return lambda row: reads(row) is not False
        orphan = self._explicit(t)

        def passes(row: Row) -> bool:
            answer = reads(row)
            return orphan(row, level) if answer is None else answer

        return passes

    def _reads_record(self, t: SObjectType, field: Field, level: Level = Level.READ) -> Callable[[Row], bool | None]:
        """Whether the user may use the record that a reference names that far; None when it names none."""
        parent_of = self._tables.table(t.api_name).reader(field.api_name)
        tests: dict[str, Callable[[Row], bool] | None] = {}
        parents: dict[str, RecordTable] = {}

        def prepare(prefix: str) -> RecordTable | None:
            parent_type = self._tables.schema.find_by_prefix(prefix)
            if parent_type is None:
                return None
            name = parent_type.api_name
            tests[prefix] = self.at_least(parent_type, level) if self._may_read(name) else _nothing
            table = parents[prefix] = self._tables.table(name)
            return table

        def reads(row: Row) -> bool | None:
            parent_id = parent_of(row)
            if not isinstance(parent_id, str):
                return None
            prefix = parent_id[:3]
            table = parents.get(prefix) or prepare(prefix)
            if table is None:
                return True
            test = tests[prefix]
            if test is None:
                return True
            parent = table.live.get(parent_id) or table.recycled.get(parent_id)
            return parent is None or test(parent)

        return reads


def _nothing(_row: Row) -> bool:
    return False


def _parent_field(t: SObjectType, named: str | None) -> Field | None:
    """The field that names the controlling parent: the one of the table, the first master, or the first that cascades."""
    name = named or _PARENTS.get(t.api_name)
    if name is not None:
        return t.find_field(name)
    masters = [f for f in t.fields if f.is_master_detail] or [
        f for f in t.fields if f.cascade_delete and f.reference_to
    ]
    return min(masters, key=lambda f: f.master_detail_order or 0, default=None)


def _level_on_parent(field: Field, level: Level) -> Level:
    """To change or delete a detail takes Read/Write on its master, or Read where the relationship says so."""
    if not field.is_master_detail or level is Level.READ:
        return level
    return Level.READ if field.write_requires_master_read else Level.EDIT
