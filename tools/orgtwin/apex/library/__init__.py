"""The platform's classes, one module each. `registry.find_class` knows them all."""
