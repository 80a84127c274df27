"""Apex source text to tree. `parse` gives a compilation unit, `parse_anonymous` the statements of anonymous Apex.

lexer          text -> tokens (three parallel lists: speed)
tree           the nodes
types, expressions, queries, statements, declarations
               one layer of the recursive-descent parser each; every layer knows the ones before it
words          keywords and what may follow what, as tables
problems       what is wrong with the text, in Salesforce's words
"""

from orgtwin.apex.syntax.declarations import parse, parse_anonymous
from orgtwin.apex.syntax.problems import SyntaxProblem

__all__ = ["SyntaxProblem", "parse", "parse_anonymous"]
