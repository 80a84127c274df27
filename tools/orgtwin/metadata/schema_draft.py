"""A schema under change: a deploy edits objects here, and one new Schema comes out at the end."""

from __future__ import annotations

from dataclasses import replace

from orgtwin.schema.model import Field, RecordType, Schema, SObjectType, ValidationRule

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ObjectDraft:
    """One object under change. Lookups by name are case-insensitive."""

    def __init__(self, sobject_type: SObjectType) -> None:
        self.shell = (
            sobject_type  # its fields, record types and rules are those at the start; the dicts below are current
        )
        self.fields = {field.api_name.lower(): field for field in sobject_type.fields}
        self.record_types = {
            record_type.developer_name.lower(): record_type for record_type in sobject_type.record_types
        }
        self.rules = {rule.name.lower(): rule for rule in sobject_type.validation_rules}
        self.field_sets = {field_set.name.lower(): field_set for field_set in sobject_type.field_sets}

    @property
    def api_name(self) -> str:
        return self.shell.api_name

    def find_field(self, name: str) -> Field | None:
        return self.fields.get(name.lower())

    def put_field(self, field: Field) -> None:
        self.fields[field.api_name.lower()] = field

    def put_record_type(self, record_type: RecordType) -> None:
        self.record_types[record_type.developer_name.lower()] = record_type

    def put_rule(self, rule: ValidationRule) -> None:
        self.rules[rule.name.lower()] = rule

    def freeze(self) -> SObjectType:
        return replace(
            self.shell,
            fields=tuple(self.fields.values()),
            record_types=tuple(self.record_types.values()),
            validation_rules=tuple(self.rules.values()),
            field_sets=tuple(self.field_sets.values()),
        )


class SchemaDraft:
    """Copies an object the first time it is asked for; the base stays as it is."""

    def __init__(self, base: Schema) -> None:
        self._base = base
        self._drafts: dict[str, ObjectDraft] = {}
        self._changed: set[str] = set()
        self._removed: set[str] = set()
        self._frozen: Schema | None = None
        self._prefixes: set[str] | None = None
        self._child_names: dict[tuple[str, str], tuple[str, str]] = {}

    def find(self, name: str) -> ObjectDraft | None:
        """The object as it stands now, to read; None when there is none."""
        key = name.lower()
        if key in self._drafts:
            return self._drafts[key]
        sobject_type = None if key in self._removed else self._base.find_type(name)
        if sobject_type is None:
            return None
        draft = self._drafts[key] = ObjectDraft(sobject_type)
        return draft

    def edit(self, draft: ObjectDraft) -> ObjectDraft:
        """Mark an object as changed: to be called behind the change, not before it."""
        self._changed.add(draft.api_name.lower())
        self._frozen = None
        return draft

    def add(self, sobject_type: SObjectType) -> ObjectDraft:
        key = sobject_type.api_name.lower()
        draft = self._drafts[key] = ObjectDraft(sobject_type)
        self._removed.discard(key)
        return self.edit(draft)

    def remove(self, name: str) -> None:
        key = name.lower()
        self._drafts.pop(key, None)
        self._changed.discard(key)
        self._removed.add(key)
        self._frozen = None

    def next_key_prefix(self, letter: str) -> str:
        """The first free key prefix that begins with a letter: a00, a01 ... a0z, a10."""
        if self._prefixes is None:
            self._prefixes = {sobject_type.key_prefix for sobject_type in self._base}
        free = (letter + _BASE62[n // 62] + _BASE62[n % 62] for n in range(62 * 62))
        prefix = next(prefix for prefix in free if prefix not in self._prefixes)
        self._prefixes.add(prefix)
        return prefix

    def put_field(self, draft: ObjectDraft, field: Field) -> None:
        """Add or replace a field of an object."""
        draft.put_field(field)
        self.edit(draft)
        for parent in field.reference_to:
            if field.child_relationship_name:
                self._child_names[(parent.lower(), field.child_relationship_name.lower())] = (
                    draft.api_name,
                    field.api_name,
                )

    def child_relationship(self, parent: str, name: str) -> tuple[str, str] | None:
        """(object, field) that already gives a parent this child relationship name, or None."""
        wanted = name.lower()
        for child in self._base.children_of(parent):
            if (
                child.relationship_name
                and child.relationship_name.lower() == wanted
                and self._stands(child.child_type, child.field)
            ):
                return child.child_type, child.field
        taken = self._child_names.get((parent.lower(), wanted))
        return taken if taken is not None and self._stands(*taken) else None

    def _stands(self, object_name: str, field_name: str) -> bool:
        draft = self.find(object_name)
        return draft is not None and draft.find_field(field_name) is not None

    def freeze(self) -> Schema | None:
        """The later schema, or None when nothing changed."""
        if not self._changed and not self._removed:
            return None
        changed = [self._drafts[key].freeze() for key in self._changed]
        removed = [key for key in self._removed if self._base.find_type(key) is not None]
        return self._base.with_types(changed, removed)

    def current(self) -> Schema:
        """The schema as it stands now, changed or not."""
        if self._frozen is None:
            self._frozen = self.freeze() or self._base
        return self._frozen
