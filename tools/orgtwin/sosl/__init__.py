"""SOSL text to records.

    found = search(org, caller, "FIND {acme*} IN NAME FIELDS RETURNING Account(Id, Name ORDER BY Name), Contact LIMIT 10")
    found                   list[QueryResult], one for each object of RETURNING in order (without it: each object that has a hit)
    search(org, caller, "FIND :term RETURNING Lead(Id WHERE Status = :status)", {"term": "doe", "status": "Open"})
    run(org, caller, Statement(...))      the same from a statement made by hand, as parameterizedSearch does

The words of FIND are looked up in the fields that the caller may read, of the rows that sharing shows; field lists, WHERE, ORDER
BY, LIMIT and OFFSET of RETURNING are those of SOQL. Refusals are SalesforceError: MALFORMED_SEARCH, INVALID_SEARCH, and SOQL's own.
What the WITH and UPDATE clauses ask for is refused by name.
"""

from orgtwin.sosl.parser import parse_statement
from orgtwin.sosl.search import run, search
from orgtwin.sosl.statement import Returned, Statement

__all__ = ["Returned", "Statement", "parse_statement", "run", "search"]
