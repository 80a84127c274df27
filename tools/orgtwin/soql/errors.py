"""How the org refuses a query: a line of the query, a caret, row and column, and the reason.

    \\nSELECT Id, Bacon__c FROM Account LIMIT 2\\n           ^\\nERROR at Row:1:Column:12\\nNo such column ...

Fits every recorded message: the line is shown 30 characters to either side of the caret, and on to the end of the word there.
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.schema.elsewhere import find_elsewhere

_REACH = 30

_WSDL = "Please reference your WSDL or the describe call for the appropriate names."


def refusal(code: str, reason: str, text: str, position: int) -> SalesforceError:
    """The refusal that points at the character `position` of the query `text`."""
    line_start = text.rfind("\n", 0, position) + 1
    line_end = text.find("\n", position)
    line = text[line_start : len(text) if line_end < 0 else line_end]
    row, column = text.count("\n", 0, position) + 1, position - line_start
    excerpt, caret = _excerpt(line, column)
    message = f"\n{excerpt}\n{' ' * caret}^\nERROR at Row:{row}:Column:{column + 1}\n{reason}"
    return SalesforceError(code, message)


def _excerpt(line: str, column: int) -> tuple[str, int]:
    start, end = max(0, column - _REACH), min(len(line), column + _REACH)
    while start > 0 and not line[start - 1].isspace():
        start -= 1
    while end < len(line) and not line[end].isspace():
        end += 1
    return line[start:end], column - start


def malformed(reason: str, text: str, position: int) -> SalesforceError:
    """A refusal of the parser: it counts columns from 0, so its caret stands one early; at the very start it shows none.

    Recorded: `select Id from Account where id = $sfid` gives Column:34, `invalid` gives the bare reason.
    """
    if position == 0:
        return SalesforceError("MALFORMED_QUERY", reason)
    return refusal("MALFORMED_QUERY", reason, text, position if text[position - 1] == "\n" else position - 1)


def unexpected(text: str, token: str, position: int) -> SalesforceError:
    return malformed(f"unexpected token: '{token}'", text, position)


def no_such_column(text: str, name: str, sobject_type: str, position: int) -> SalesforceError:
    reason = (
        f"No such column '{name}' on entity '{sobject_type}'. If you are attempting to use a custom field, "
        f"be sure to append the '__c' after the custom field name. {_WSDL}"
    )
    return refusal("INVALID_FIELD", reason, text, position)


def no_such_type(text: str, name: str, position: int) -> SalesforceError:
    reason = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
        f"be sure to append the '__c' after the entity name. {_WSDL}"
    )
    return find_elsewhere(name) or refusal("INVALID_TYPE", reason, text, position)


def no_such_relationship(text: str, name: str, where: str, position: int) -> SalesforceError:
    """`where`: "field path" for a parent, "FROM part of query call" for a child."""
    reason = (
        f"Didn't understand relationship '{name}' in {where}. If you are attempting to use a custom relationship, "
        f"be sure to append the '__r' after the custom relationship name. {_WSDL}"
    )
    code = "INVALID_FIELD" if where == "field path" else "INVALID_TYPE"
    return refusal(code, reason, text, position)
