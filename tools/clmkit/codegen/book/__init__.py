"""The mapping book: everything that a spec decides, as tables for people who do not read YAML.

book = make_book(spec, Load(agreements=10_000, changes_per_day=500))   # tables: pure data
render_html(book)                                                       # one file, no network, readable on a phone
render_workbook(book)                                                   # the same tables, one sheet each
"""
