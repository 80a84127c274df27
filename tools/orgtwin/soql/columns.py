"""From a name in a query to a column: the lookups on the way, and the field at its end.

Source: "Relationship Names, Custom Objects, and Custom Fields", "Understanding Relationship Fields and Polymorphic Fields"
(SOQL and SOSL Reference).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.schema.model import EXTERNAL, Field, FieldType, SObjectType
from orgtwin.soql.catalog import Catalog
from orgtwin.soql.errors import no_such_column, no_such_relationship, no_such_type, refusal
from orgtwin.soql.tree import Name, Source

MAXIMUM_LEVELS = 5  # "Relationship Query Limitations": child to parent, up to five levels

_NAME_FIELDS = {
    name.lower(): name
    for name in (
        *("Id", "Name", "Type", "FirstName", "LastName", "Title", "Alias", "Email", "Phone", "Username", "IsActive"),
        *("ProfileId", "UserRoleId"),
    )
}
"""What a polymorphic relationship shows: the fields of the Name object (Object Reference)."""

_NAME_RELATIONSHIPS = frozenset(("profile", "userrole", "recordtype", "owner"))
"""Where a path goes on behind a polymorphic relationship: the references of the Name object, and Owner, which public tests name."""

_READ_AS = {
    (owner, "ParentId"): "PermissionSet" for owner in ("FieldPermissions", "ObjectPermissions", "SetupEntityAccess")
}
"""References to several objects that read as one to a permission set: `Parent.IsOwnedByProfile`. Source: "FieldPermissions" (Object
Reference), which names PermissionSet alone; muting permission sets have rows of the same objects."""

TYPE_OF_PARENT = Field("Type", "Type", FieldType.STRING, length=80, permissionable=False)


def find_name_field(name: str) -> str | None:
    """The canonical name of a field of the Name object, or None."""
    return _NAME_FIELDS.get(name.lower())


@dataclass(frozen=True, slots=True)
class Lookup:
    """One level up. `parent` is None when the reference field takes records of several objects.

    With `of_any` the row may be of each of the objects that the lookup before leads to; `owner` is the first that has the field.
    """

    owner: SObjectType
    field: Field
    parent: SObjectType | None
    of_any: bool = False

    @property
    def relationship(self) -> str:
        return self.field.relationship_name or self.field.api_name


@dataclass(frozen=True, slots=True)
class Column:
    """`owner` is where the field is defined; for a polymorphic parent, the first of its objects that has it."""

    lookups: tuple[Lookup, ...]
    owner: SObjectType
    field: Field

    @property
    def is_type_of_parent(self) -> bool:
        return self.field is TYPE_OF_PARENT

    @property
    def text(self) -> str:
        return ".".join([*(lookup.relationship for lookup in self.lookups), self.field.api_name])


@dataclass(frozen=True, slots=True)
class Mention:
    """A name as written, where, and in which part of the query ("field path") for the message."""

    name: str
    position: int
    where: str = ""


@dataclass(slots=True)
class Uses:
    """What a query reads, for the caller's permissions to be asked at every run: first position wins."""

    types: dict[str, Mention] = field(default_factory=dict)
    fields: dict[tuple[str, str], Mention] = field(default_factory=dict)
    relationships: dict[tuple[str, str, str | None], Mention] = field(default_factory=dict)

    def add_column(self, column: Column, name: Name) -> None:
        self.add_lookups(column.lookups, name)
        if not column.is_type_of_parent:
            key = (column.owner.api_name, column.field.api_name.lower())
            self.fields.setdefault(key, Mention(name.parts[-1], name.position))

    def add_lookups(self, lookups: tuple[Lookup, ...], name: Name) -> None:
        for lookup in lookups:
            parent = lookup.parent.api_name if lookup.parent is not None else None
            key = (lookup.owner.api_name, lookup.field.api_name.lower(), parent)
            self.relationships.setdefault(key, Mention(lookup.relationship, name.position, "field path"))

    def add_children(self, child: SObjectType, reference: Field, source: Source) -> None:
        key = (child.api_name, reference.api_name.lower(), child.api_name)
        mention = Mention(source.path[-1], source.position, "FROM part of query call")
        self.relationships.setdefault(key, mention)


def _refuse_external(name: str) -> None:
    """The rows of an external object are another system's, and there is none to ask."""
    if name.endswith(EXTERNAL):
        raise Unsupported("soql.external-objects", f"queries of the external object {name}")


class Names:
    """Resolves the names of one SELECT: its object, its aliases."""

    def __init__(self, catalog: Catalog, text: str, root: SObjectType, uses: Uses) -> None:
        self.catalog = catalog
        self.text = text
        self.uses = uses
        self.root = root
        self._aliases: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of_query(cls, catalog: Catalog, text: str, sources: tuple[Source, ...], uses: Uses) -> Names:
        """Of a SELECT whose FROM names an object. Raises INVALID_TYPE."""
        first = sources[0]
        found = catalog.find_type(first.path[0]) if len(first.path) == 1 else None
        if found is None or not found.queryable or found.event:
            raise no_such_type(text, ".".join(first.path), first.position)
        _refuse_external(found.api_name)
        uses.types.setdefault(found.api_name, Mention(first.path[0], first.position))
        names = cls(catalog, text, found, uses)
        names._add_alias(first.path[0], ())
        for source in sources:
            if source.alias is not None:
                names._add_alias(source.alias, () if source is first else names._expanded(source.path))
        return names

    @classmethod
    def of_children(cls, outer: Names, root: SObjectType, source: Source) -> Names:
        """Of a subquery, whose FROM names a child relationship that is already understood."""
        names = cls(outer.catalog, outer.text, root, outer.uses)
        for alias in (source.path[-1], root.api_name, source.alias or root.api_name):
            names._add_alias(alias, ())
        return names

    @classmethod
    def of_type(cls, outer: Names, root: SObjectType) -> Names:
        """Of one arm of TYPEOF."""
        return cls(outer.catalog, outer.text, root, outer.uses)

    def _add_alias(self, alias: str, path: tuple[str, ...]) -> None:
        self._aliases[alias.lower()] = path

    def _expanded(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """`FROM Contact c, c.Account a`: the path of `a` without its leading alias."""
        head = self._aliases.get(path[0].lower())
        return path if head is None else (*head, *path[1:])

    def column(self, name: Name) -> Column:
        """Raises INVALID_FIELD, pointing at the name."""
        parts = self._without_alias(name)
        owner, lookups = self._climb(parts[:-1], name)
        last = parts[-1]
        if owner is None:
            column = self._polymorphic(tuple(lookups), last, name)
        else:
            found = owner.find_field(last)
            if found is None:
                raise no_such_column(self.text, last, owner.api_name, name.position)
            column = Column(tuple(lookups), owner, found)
        self.uses.add_column(column, name)
        return column

    def lookups(self, name: Name) -> tuple[Lookup, ...]:
        """The relationships of a path that ends in one, for TYPEOF."""
        lookups = tuple(self._climb(self._without_alias(name), name)[1])
        self.uses.add_lookups(lookups, name)
        return lookups

    def _without_alias(self, name: Name) -> tuple[str, ...]:
        if len(name.parts) == 1:
            return name.parts
        alias = self._aliases.get(name.parts[0].lower())
        if alias is None or (self.root.find_relationship(name.parts[0]) is not None and not alias):
            return name.parts
        return (*alias, *name.parts[1:])

    def _climb(self, relationships: tuple[str, ...], name: Name) -> tuple[SObjectType | None, list[Lookup]]:
        if len(relationships) > MAXIMUM_LEVELS:
            reason = f"A relationship path may have at most {MAXIMUM_LEVELS} levels: '{name.text}'"
            raise refusal("MALFORMED_QUERY", reason, self.text, name.position)
        owner: SObjectType | None = self.root
        lookups: list[Lookup] = []
        for relationship in relationships:
            holder = owner or self._first_with(relationship, lookups[-1])
            found = holder.find_relationship(relationship) if holder is not None else None
            if holder is None or found is None:
                raise no_such_relationship(self.text, relationship, "field path", name.position)
            parent = self._parent_of(holder, found, relationship, name)
            lookups.append(Lookup(holder, found, parent, of_any=owner is None))
            owner = parent
        return owner, lookups

    def _first_with(self, relationship: str, lookup: Lookup) -> SObjectType | None:
        """The first of the objects that a polymorphic lookup leads to which has a relationship of the Name object."""
        if relationship.lower() not in _NAME_RELATIONSHIPS:
            return None
        targets = (self.catalog.find_type(target) for target in lookup.field.reference_to)
        return next(
            (one for one in targets if one is not None and one.find_relationship(relationship) is not None), None
        )

    def _parent_of(self, owner: SObjectType, reference: Field, relationship: str, name: Name) -> SObjectType | None:
        only = _READ_AS.get((owner.api_name, reference.api_name))
        if only is None and len(reference.reference_to) > 1:
            return None
        _refuse_external(only or reference.reference_to[0])
        parent = self.catalog.find_type(only or reference.reference_to[0])
        if parent is None:
            raise no_such_relationship(self.text, relationship, "field path", name.position)
        return parent

    def _polymorphic(self, lookups: tuple[Lookup, ...], last: str, name: Name) -> Column:
        lookup = lookups[-1]
        if last.lower() == "type":
            return Column(lookups, lookup.owner, TYPE_OF_PARENT)
        if find_name_field(last) is not None:
            for target in lookup.field.reference_to:
                owner = self.catalog.find_type(target)
                found = owner.find_field(last) if owner is not None else None
                if owner is not None and found is not None:
                    return Column(lookups, owner, found)
        raise no_such_column(self.text, last, "Name", name.position)

    def children(self, source: Source) -> tuple[SObjectType, Field]:
        """The child object and its reference field that a subquery's FROM names."""
        wanted = source.path[-1].lower()
        for child in self.catalog.children_of(self.root.api_name):
            if child.relationship_name is not None and child.relationship_name.lower() == wanted:
                child_type = self.catalog.find_type(child.child_type)
                reference = child_type.find_field(child.field) if child_type is not None else None
                if child_type is not None and reference is not None:
                    self.uses.add_children(child_type, reference, source)
                    return child_type, reference
        raise self.unknown_children(source.path[-1], source.position)

    def unknown_children(self, name: str, position: int) -> SalesforceError:
        return no_such_relationship(self.text, name, "FROM part of query call", position)
