"""Filters of lists that people keep for themselves."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User

MAX_FILTER_NAME = 80
MAX_QUERY = 2000


class SavedFilter(models.Model):
    """`list`: the kind of lists it is for ("tags"); `query`: what an address of one has after its "?"."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters", db_index=False)
    list = models.CharField(max_length=32)
    name = models.CharField(max_length=MAX_FILTER_NAME)
    query = models.CharField(max_length=MAX_QUERY)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "saved_filter"
        constraints = [models.UniqueConstraint(fields=["user", "list", "name"], name="saved_filter_name")]

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id}"
