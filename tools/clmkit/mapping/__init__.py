"""The spec language: model, loader with line and column, transforms, lint rules."""
