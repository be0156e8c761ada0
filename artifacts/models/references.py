"""Foreign keys that garbage collection relies on: real constraints, but made by the migration, not by Django.

Django creates foreign keys DEFERRABLE INITIALLY DEFERRED, so a reference would take no lock before COMMIT and the
collector could delete a row that is just being referenced. The migration creates them NOT DEFERRABLE, RESTRICT.
"""

from __future__ import annotations

from typing import Any

from django.db import models


def reference(to: Any, **options: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key column whose constraint stands in the migration; it has no index and no reverse accessor of its own."""
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", **options
    )
