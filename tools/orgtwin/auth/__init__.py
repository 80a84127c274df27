"""OAuth flows, tokens, the twin's certificate authority."""
