"""One module for each family of metadata types; `rules` is the table that ties them together."""
