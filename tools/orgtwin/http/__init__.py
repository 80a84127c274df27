"""The org's web surfaces, one thin module each."""
