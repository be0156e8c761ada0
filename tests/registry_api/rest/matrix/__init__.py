"""The rows of the authorization matrix, a module for each group of nouns: written by hand from the specification."""

from __future__ import annotations

from tests.registry_api.rest.matrix import audit, contents, jobs, people, projects, rules
from tests.registry_api.rest.matrix.cells import Filled, Places, Queries, Rows

MODULES = (audit, contents, jobs, people, projects, rules)
MATRIX: Rows = {key: cell for module in MODULES for key, cell in module.ROWS.items()}
FILLED: Filled = {route: fill for module in MODULES for route, fill in getattr(module, "FILLED", {}).items()}
PLACES: Places = {part: made for module in MODULES for part, made in module.PLACES.items()}
QUERIES: Queries = contents.QUERIES
