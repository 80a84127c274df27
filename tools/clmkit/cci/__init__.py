"""CumulusCI tasks: doors to the other packages."""
