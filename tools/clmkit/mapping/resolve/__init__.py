"""A written spec becomes a resolved one: every default applied, every implied thing spelled out. Pure and forgiving.

It never fails: a name that leads nowhere is carried over as written, and a lint rule reports it with its place. The loader hands
out a resolved spec only when no rule found an error.
"""

from clmkit.mapping.resolve.objects import imply_direction
from clmkit.mapping.resolve.process import reachable_from
from clmkit.mapping.resolve.spec import resolve

__all__ = ["imply_direction", "reachable_from", "resolve"]
