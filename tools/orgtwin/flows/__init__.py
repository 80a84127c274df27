"""Record-triggered flows: deployed Flow metadata, run inside the save order.

    flows = FlowService(org, components)     from then on active flows run in every save: steps 3 and 14 of the order of execution
    flows.run_due(moment)                    what scheduled paths are due by then

An element that is not emulated refuses the save by name (TWIN_UNSUPPORTED, flow.element); it is never passed over.
"""
