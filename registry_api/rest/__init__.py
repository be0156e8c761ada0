"""The REST API under /api/v2.0: Harbor's contract (docs/rest.md), one module per noun, no rule of its own."""
