"""CPU time of library methods that cost much more than a call: ticks by class and method, TICKS_PER_MILLISECOND of transaction.py.

ASSUMED, as the whole CPU model is: orgs do not publish what a method costs. A price is about what the method takes here, so that a
loop of nothing else ends by the clock well before its ten seconds by the model are over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex import context
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Value

CONSTRUCTOR = "new"
_ENCODE, _DATE, _TEXT_OF_DATE, _FUNCTION = 6, 3, 40, 4
_PAGE = 15
_PRICES: Mapping[str, Mapping[str, int]] = {
    "apexpages": {"getmessages": 8},
    "crypto": {
        "generatedigest": 20,
        "generatemac": 40,
        "generateaeskey": 20,
        "encrypt": 60,
        "decrypt": 60,
        "encryptwithmanagediv": 80,
        "decryptwithmanagediv": 80,
        "sign": 200,
        "verify": 200,
        "verifyhmac": 40,
        "getrandominteger": 8,
        "getrandomlong": 8,
    },
    "date": {"today": _DATE, "adddays": _DATE, "addmonths": _DATE, "format": 20, "parse": 20, "valueof": 20},
    "datetime": {
        "now": _DATE,
        "adddays": _DATE,
        "addmonths": _DATE,
        "addyears": _DATE,
        "newinstance": _DATE,
        "newinstancegmt": _DATE,
        "format": _TEXT_OF_DATE,
        "formatgmt": _TEXT_OF_DATE,
        "formatlong": _TEXT_OF_DATE,
        "parse": _TEXT_OF_DATE,
        "valueof": _TEXT_OF_DATE,
        "valueofgmt": _TEXT_OF_DATE,
    },
    "decimal": {
        "divide": 20,
        "format": 4,
        "round": 4,
        "setscale": 4,
        "pow": 20,
        "valueof": 4,
        **dict.fromkeys(("precision", "scale"), 4),
    },
    "document": {"load": 60},
    "encodingutil": {
        "base64encode": _ENCODE,
        "base64decode": _ENCODE,
        "converttohex": _ENCODE,
        "convertfromhex": _ENCODE,
        "urlencode": _ENCODE,
        "urldecode": _ENCODE,
    },
    "describefieldresult": {"getreferenceto": 8, "isaccessible": 8, "iscreateable": 8, "isupdateable": 8},
    "describesobjectresult": {
        "isaccessible": 4,
        "iscreateable": 4,
        "isdeletable": 4,
        "isqueryable": 4,
        "isupdateable": 4,
        "getchildrelationships": 40,
        "getrecordtypeinfos": 6,
        "getrecordtypeinfosbyname": 6,
        "getrecordtypeinfosbydevelopername": 6,
        "getrecordtypeinfosbyid": 6,
    },
    "fieldset": {"getfields": 20},
    "json": {
        "deserialize": 30,
        "deserializestrict": 30,
        "deserializeuntyped": 15,
        "serialize": 6,
        "serializepretty": 6,
    },
    "double": {"format": 4},
    "limits": {"getheapsize": 20},
    "math": {
        **dict.fromkeys(("acos", "asin", "atan", "atan2", "cos", "cosh", "exp", "log", "log10", "pow"), _FUNCTION),
        **dict.fromkeys(("sin", "sinh", "sqrt", "tan", "tanh"), _FUNCTION),
        "cbrt": 20,
    },
    "network": {"communitieslanding": 8},
    "orglimits": {"getall": 8, "getmap": 8},
    "pagereference": {CONSTRUCTOR: 15},
    "schema": {"describetabs": 30, "getglobaldescribe": 40},
    "sobject": {"clone": 6, "geterrors": 12, "put": 4},
    "sobjecttypefields": {"getmap": 20},
    "sobjecttypefieldsets": {"getmap": 6},
    "string": {"format": 20, "getcommonprefix": 8, "getlevenshteindistance": 8, "repeat": 4},
    "system": {"now": _DATE, "today": _DATE},
    "standardcontroller": dict.fromkeys(("cancel", "delete", "edit", "save", "view"), _PAGE),
    "standardsetcontroller": dict.fromkeys(("cancel", "save"), _PAGE),
    "type": {"forname": 40, "newinstance": 15},
    "uuid": {"randomuuid": 8},
    "zipwriter": {"getentries": 10},
}
_CHARACTER = 4
_QUERY = 0
_ROW = -2  # a record costs four ticks
_NAMED = 3  # ids that nothing has
_PER_TEXT: Mapping[str, Mapping[str, int]] = {
    "approval": dict.fromkeys(("islocked", "lock", "unlock"), _ROW),
    "database": {
        **dict.fromkeys(("query", "querywithbinds", "countquery", "countquerywithbinds"), _QUERY),
        **dict.fromkeys(("getquerylocator", "getquerylocatorwithbinds", "getcursor", "getcursorwithbinds"), _QUERY),
        **dict.fromkeys(("insertasync", "updateasync", "deleteasync"), _ROW),
        **dict.fromkeys(("insertimmediate", "updateimmediate", "deleteimmediate"), _ROW),
        **dict.fromkeys(("delete", "emptyrecyclebin", "undelete"), _NAMED),
    },
    "eventbus": {"publish": _ROW},
    "findduplicates": {"findduplicates": _ROW, "findduplicatesbyids": _ROW},
    "formula": {"recalculateformulas": _ROW},
    "encodingutil": {"urlencode": 6, "urldecode": 6},
    "httprequest": {"setbody": 8},
    "httpresponse": {"setbody": 8},
    "json": {"createparser": 0, "deserialize": 2, "deserializestrict": 2, "deserializeuntyped": 2},
    "matcher": {"quotereplacement": 7},
    "pagereference": {CONSTRUCTOR: 2},
    "string": {
        **dict.fromkeys(
            ("containsany", "containsnone", "containsonly", "containswhitespace", "difference"), _CHARACTER
        ),
        **dict.fromkeys(("fromchararray", "indexofany", "indexofanybut", "indexofdifference", "swapcase"), _CHARACTER),
        **dict.fromkeys(("isalllowercase", "isalluppercase", "isalpha", "isalphanumeric", "isalphaspace"), _CHARACTER),
        **dict.fromkeys(("isalphanumericspace", "isasciiprintable", "isnumeric", "isnumericspace"), _CHARACTER),
        "iswhitespace": _CHARACTER,
        "compareto": 5,
        "deletewhitespace": 5,
        "getcommonprefix": 5,
        "normalizespace": 6,
        **dict.fromkeys(("escapehtml3", "escapehtml4", "escapexml", "escapeecmascript", "escapeunicode"), _CHARACTER),
        **dict.fromkeys(("unescapehtml3", "unescapehtml4", "unescapexml", "unescapeunicode"), _CHARACTER),
        **dict.fromkeys(("escapejava", "unescapejava", "unescapeecmascript", "striphtmltags"), _CHARACTER),
        "splitbycharactertype": 3,
        "splitbycharactertypecamelcase": 3,
        "format": 0,
        "getchars": 3,
        "equalsignorecase": 5,
        **dict.fromkeys(("containsignorecase", "indexofignorecase", "lastindexofignorecase", "equals"), 7),
        **dict.fromkeys(
            ("endswithignorecase", "startswithignorecase", "removeendignorecase", "removestartignorecase"), 7
        ),
    },
    "type": {"forname": 9},
    "search": {"find": _QUERY, "query": _QUERY},
    "xmlstreamreader": {CONSTRUCTOR: 1},
    "xmlstreamwriter": {"writecharacters": 6},
}
"""Methods that look at each character of a text, or element of a list, that they are given first: 2 to the power of this many cost
a tick besides; a negative power is the ticks of each. `new` stands for the constructors."""


def priced(class_name: str, method: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """The method's function, which uses its price of CPU time first; the function itself where it has none."""
    ticks = _PRICES.get(class_name.lower(), {}).get(method.lower())
    shift = _PER_TEXT.get(class_name.lower(), {}).get(method.lower())
    if ticks is None and shift is None:
        return function
    price = ticks or 0

    def call(*args: Value) -> Value:
        context.spend(price)
        return function(*args)

    def read(*args: Value) -> Value:
        context.spend(price + (_walked(args) << times >> characters))
        return function(*args)

    characters, times = max(0, shift or 0), max(0, -(shift or 0))
    return call if shift is None else read


def _walked(args: tuple[Value, ...]) -> int:
    """How many characters or elements there are to look at: of the first text, blob or collection."""
    for value in args:
        if isinstance(value, ApexList | ApexSet | ApexMap):
            return len(value.items)
        if isinstance(value, str | bytes):
            return len(value)
    return 0
