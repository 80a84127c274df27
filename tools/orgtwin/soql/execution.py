"""One run of a query: on whose behalf, at which moment, over which tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo

from orgtwin.access.computed_tables import find_computed
from orgtwin.errors import Unsupported
from orgtwin.organization import Organization
from orgtwin.records.model import AccessLevel, Caller, Row, Table, Value
from orgtwin.records.table import ID
from orgtwin.schema.model import SObjectType
from orgtwin.soql.catalog import Catalog
from orgtwin.soql.columns import Column, Lookup
from orgtwin.zones import zone_of

Reader = Callable[[Row], Value]
Test = Callable[[Row], bool]

_KNOWN_LOCALE = "en_US"


class Execution:
    """Hands out tables and readers, each made once per run."""

    def __init__(
        self,
        org: Organization,
        caller: Caller,
        catalog: Catalog,
        binds: Mapping[str, object],
        text: str,
        *,
        all_rows: bool,
    ) -> None:
        self.org = org
        self.caller = caller
        self.catalog = catalog
        self.binds = binds
        self.text = text
        self.all_rows = all_rows
        self._now: datetime | None = None
        self._zone: tzinfo | None = None
        self._tables: dict[str, Table] = {}
        self._filters: dict[str, Test | None] = {}
        self._once: dict[int, tuple[Value, ...]] = {}
        self._prefixes: dict[str, SObjectType | None] = {}

    @property
    def _asks_permissions(self) -> bool:
        return self.caller.access_level is AccessLevel.USER_MODE

    @property
    def now(self) -> datetime:
        """One moment for the whole run."""
        if self._now is None:
            self._now = self.org.clock()
        return self._now

    @property
    def zone(self) -> tzinfo:
        """The running user's time zone; GMT when the user has none."""
        if self._zone is None:
            self._zone = self._find_zone()
        return self._zone

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _find_zone(self) -> tzinfo:
        key = self._of_user("TimeZoneSidKey")
        return zone_of(str(key)) if key else UTC

    def require_known_locale(self) -> None:
        """FORMAT() writes as for an en_US user. Raises for a user of another locale."""
        locale = self._of_user("LocaleSidKey")
        if locale not in (None, _KNOWN_LOCALE):
            raise Unsupported("soql.format-locale", f"FORMAT() for the locale {locale!s}")

    def _of_user(self, field: str) -> Value:
        """A value of the running user, None where there is none."""
        user_type = self.catalog.schema.find_type("User")
        if user_type is None or user_type.find_field(field) is None:
            return None
        users = self.table("User")
        row = users.get(self.caller.user_id)
        return users.reader(field)(row) if row is not None else None

    def table(self, api_name: str) -> Table:
        table = self._tables.get(api_name)
        if table is None:
            table = find_computed(self.org, self.caller, api_name)
            if table is None:
                table = self.catalog.table(self.org, self.caller, api_name)
            self._tables[api_name] = table
        return table

    def once(self, key: object, values: Callable[[], tuple[Value, ...]]) -> tuple[Value, ...]:
        """The values of a semi-join or a list, computed at first use in this run. `key` must outlive the run."""
        found = self._once.get(id(key))
        if found is None:
            found = self._once[id(key)] = values()
        return found

    def row_filter(self, api_name: str) -> Test | None:
        """What sharing lets the caller see of an object; None: all of it."""
        if api_name not in self._filters:
            virtual = self.catalog.is_virtual(api_name)
            self._filters[api_name] = None if virtual else self.org.access.row_filter(self.caller, api_name)
        return self._filters[api_name]

    def reader(self, column: Column) -> Reader:
        """Reads a column of the query's own rows; a path through an empty lookup reads None."""
        if not column.lookups:
            return self.table(column.owner.api_name).reader(column.field.api_name)
        if column.lookups[-1].parent is None:
            return self._polymorphic_reader(column)
        climb = self.climber(column.lookups)
        read = self.table(column.owner.api_name).reader(column.field.api_name)

        def run(row: Row) -> Value:
            parent = climb(row)
            return None if parent is None else read(parent)

        return run

    def climber(self, lookups: tuple[Lookup, ...]) -> Callable[[Row], Row | None]:
        """From a row to its parent at the end of the lookups; None when there is none or sharing hides it."""
        steps = [self._step(lookup) for lookup in lookups]
        if len(steps) == 1:
            return steps[0]

        def climb(row: Row) -> Row | None:
            current: Row | None = row
            for step in steps:
                current = step(current) if current is not None else None
            return current

        return climb

    def _step(self, lookup: Lookup) -> Callable[[Row], Row | None]:
        read_id = self.reference_reader(lookup)
        if lookup.parent is None:
            return lambda row: self.find_record(read_id(row))[1]
        parent = lookup.parent.api_name
        get = self.table(parent).get
        shows = self.row_filter(parent)

        def step(row: Row) -> Row | None:
            record_id = read_id(row)
            found = get(record_id) if isinstance(record_id, str) else None
            return found if found is not None and (shows is None or shows(found)) else None

        return step

    def reference_reader(self, lookup: Lookup) -> Reader:
        """Reads the id that a row refers to by a lookup."""
        if not lookup.of_any:
            return self.table(lookup.owner.api_name).reader(lookup.field.api_name)

        def read(row: Row) -> Value:
            holder = self._type_of(str(row[ID])[:3])
            reference = holder.find_relationship(lookup.relationship) if holder is not None else None
            if holder is None or reference is None:
                return None
            return self.table(holder.api_name).reader(reference.api_name)(row)

        return read

    def find_record(self, record_id: Value) -> tuple[str, Row | None]:
        """The object's API name and the row of any id; ("", None) when the id leads nowhere the caller may look."""
        if not isinstance(record_id, str):
            return "", None
        found = self._type_of(record_id[:3])
        if found is None or not self._can_read_type(found.api_name):
            return "", None
        row = self.table(found.api_name).get(record_id)
        shows = self.row_filter(found.api_name)
        visible = row is not None and (shows is None or shows(row))
        return found.api_name, row if visible else None

    def _polymorphic_reader(self, column: Column) -> Reader:
        *before, last = column.lookups
        read_id = self.reference_reader(last)
        climb = self.climber(tuple(before)) if before else None
        field_name = column.field.api_name

        def run(row: Row) -> Value:
            holder = climb(row) if climb is not None else row
            api_name, parent = self.find_record(read_id(holder)) if holder is not None else ("", None)
            if parent is None:
                return None
            if column.is_type_of_parent:
                return api_name
            return self.read_name_field(api_name, parent, field_name)

        return run

    def read_name_field(self, api_name: str, row: Row, field_name: str) -> Value:
        """A field of the Name object, of a record of any object; Name is the object's own name field (ContractNumber)."""
        owner = self.catalog.find_type(api_name)
        if owner is None:
            return None
        found = owner.find_field(field_name)
        if found is None and field_name.lower() == "name":
            found = next((each for each in owner.fields if each.name_field), None)
        if found is None or not self._can_read(api_name, found.api_name):
            return None
        return self.table(api_name).reader(found.api_name)(row)

    def _type_of(self, prefix: str) -> SObjectType | None:
        if prefix not in self._prefixes:
            self._prefixes[prefix] = self.catalog.find_by_prefix(prefix)
        return self._prefixes[prefix]

    def _can_read_type(self, api_name: str) -> bool:
        """Which object a polymorphic parent is shows at run time only, so that permissions are asked here."""
        if not self._asks_permissions or self.catalog.is_virtual(api_name):
            return True
        return self.org.access.can(self.caller, api_name, "read")

    def _can_read(self, api_name: str, field_name: str) -> bool:
        if not self._asks_permissions or self.catalog.is_virtual(api_name):
            return True
        return field_name.lower() in self.org.access.readable_fields(self.caller, api_name)
