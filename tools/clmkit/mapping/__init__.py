"""The spec language: model, loader with line and column, transforms, lint rules.

    from clmkit.mapping.loader import load_spec             # file or overlay -> Loaded(spec, findings), never a traceback
    from clmkit.mapping.kept import load_kept               # the same, from the last run when nothing changed
    from clmkit.mapping.model import Spec, ObjectMapping    # resolved: no defaults left to apply
    from clmkit.mapping.evaluate import Evaluator           # agreement -> rows, parked values, parked rows; pure
    from clmkit.mapping.values.equality import is_same      # whether two values are one to Salesforce
    from clmkit.mapping.precedence import find_winner       # decision table of a shared field, with role and window
    from clmkit.mapping.approvals import find_row           # row of the approval matrix for an agreement
    from clmkit.mapping.sides import choose_sides           # who is us, who is the counterparty, and why

    loaded = load_spec(Path("mappings/contract.yml"))       # loaded.spec is None when loaded.findings hold an error
    for mapping in loaded.spec.objects:                     # parents first: the order of writes
        for field in mapping.created:                       # fields whose metadata the kit generates
            field.salesforce, field.type.metadata_name, field.audience, field.has_fls
    for row in Evaluator(loaded.spec).rows("contract", agreement):
        row.key, row.version, row.values, row.references, row.parked, row.park

The way of a file: yaml_tree -> layers (a spec, or a spec under an overlay) -> shape (schema) -> document -> resolve -> model; rules
judge document and model side by side.
"""
