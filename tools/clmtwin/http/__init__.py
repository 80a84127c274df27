"""The REST surface: `app` (ASGI), `routes` (the table), one module of handlers per resource."""
