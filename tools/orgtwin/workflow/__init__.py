"""Workflow rules and assignment rules inside the saves of an org.

    Assignment(org, components)           from then on assignment rules run in the saves that ask for one: step 9
    Workflow(org, components, outbox)     from then on active workflow rules run in every save: steps 11 and 16

Source: "Triggers and Order of Execution" (Apex Developer Guide); "Workflow", "AssignmentRules" (Metadata API Developer Guide).
"""
