"""Robot Framework keywords: doors to the other packages.

    Library    clmkit.robotlib.Lifecycle

acts as a person in the CLM and a person in Salesforce, through the public APIs of both; only `Sync` is the kit itself.
"""

from clmkit.robotlib.lifecycle import Lifecycle

__all__ = ["Lifecycle"]
