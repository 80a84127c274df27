"""Every function of the formula language that the twin evaluates, by upper-case name.

Source: "Formula Operators and Functions by Context" (Salesforce Help) and the vendor's open formula engine.
"""

from __future__ import annotations

from orgtwin.formula.code import Function, Special
from orgtwin.formula.library import dates, logic, numbers, record, texts

FUNCTIONS: dict[str, Function | Special] = {
    row.name: row for module in (logic, texts, numbers, dates, record) for row in module.FUNCTIONS
}

NOT_EMULATED = frozenset(
    {
        "CURRENCYRATE",
        "DISTANCE",
        "FORMATDURATION",
        "GEOLOCATION",
        "GETRECORDIDS",
        "GETSESSIONID",
        "IMAGEPROXYURL",
        "INCLUDE",
        "JSENCODE",
        "JSINHTMLENCODE",
        "JUNCTIONIDLIST",
        "LINKTO",
        "PARENTGROUPVAL",
        "PICKLISTCOUNT",
        "PREDICT",
        "PREVGROUPVAL",
        "REQUIRESCRIPT",
        "URLFOR",
        "VLOOKUP",
    }
)
"""Functions of the platform that are refused by name (ledger key `formula.functions`)."""
