"""Working mappings to start from, one for each kind of contract business, with data that suits them.

from clmkit.templates.catalogue import TEMPLATES
from clmkit.templates.agreements import make_agreements
"""
