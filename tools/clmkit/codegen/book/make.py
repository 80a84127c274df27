"""A spec as a book."""

from __future__ import annotations

from clmkit.codegen.book.access import access_tables
from clmkit.codegen.book.catalogue import catalogue_tables
from clmkit.codegen.book.process import process_tables
from clmkit.codegen.book.surroundings import surroundings_tables
from clmkit.codegen.book.tables import Book
from clmkit.codegen.book.traffic import Load, traffic_tables
from clmkit.mapping.model import Owner, Spec


def make_book(spec: Spec, load: Load) -> Book:
    """Every chapter. The same spec and load give the same book."""
    fields = [field for mapping in spec.objects for field in mapping.fields]
    figures = (
        (str(len(spec.objects)), "objects"),
        (str(len(fields)), "fields"),
        (str(sum(field.owner is Owner.CLM for field in fields)), "owned by the CLM"),
        (str(sum(field.owner is Owner.SHARED for field in fields)), "shared"),
        (str(len(spec.audiences)), "audiences"),
    )
    tables = (
        *catalogue_tables(spec),
        *access_tables(spec),
        *process_tables(spec),
        *surroundings_tables(spec),
        *traffic_tables(spec, load),
    )
    return Book(spec.name, spec.version, spec.summary, figures, tables)
