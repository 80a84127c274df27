"""The Tooling API's `<Name>Settings`: one row each, a checkbox for every switch of the settings file.

Source: "Settings" pages (Tooling API Developer Guide): `enableWorkOrders` of a file is `IsWorkOrdersEnabled` here. ASSUMED:
switches whose name does not begin with `enable` are `Is` and their name; a switch that nobody ever set is false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orgtwin.metadata.grammar import load_grammar
from orgtwin.metadata.tooling_tables import tooling_type
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.soql.catalog import VirtualTable

SUFFIX = "settings"


def settings_table(name: str) -> VirtualTable | None:
    """The object of that name, in any case; None when there are no such settings."""
    grammar = load_grammar()
    found = next((key for key in grammar.types if key.lower() == name.lower()), None)
    if found is None or not grammar.is_metadata_type(found):
        return None
    switches = {_column(rule.name): rule.name for rule in grammar.types[found].values() if rule.type == "xsd:boolean"}
    fields = " ".join(("DurableId", "FullName", *(f"{column}:b" for column in switches)))

    def rows(org: Organization, _caller: Caller) -> Iterator[Mapping[str, Value]]:
        short = found.removesuffix("Settings")
        said = {column: org.settings.get(f"{found}.{switch}") is True for column, switch in switches.items()}
        yield {"Id": short, "DurableId": short, "FullName": short, **said}

    return VirtualTable(tooling_type(found, fields), rows)


def _column(switch: str) -> str:
    """`enableX` -> `IsXEnabled`."""
    if switch.startswith("enable") and switch != "enable":
        return f"Is{switch.removeprefix('enable')}Enabled"
    return f"Is{switch[:1].upper()}{switch[1:]}"
