"""Sessions of browsers: rows, so that their owners see them and end them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User


class WebSession(models.Model):
    """A browser that has signed in. The cookie holds a key of which `key_digest` is the SHA-256: no row opens a session.

    `epoch` is the user's when he signed in: a right lost since ends the session. `confirmed_at`: when he last proved himself in
    it. `sealed`: what only the session may know (an ID token), "" for nothing.
    """

    key_digest = models.BinaryField(unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="web_sessions")
    epoch = models.BigIntegerField()
    auth = models.CharField(max_length=16)
    ip = models.GenericIPAddressField(null=True)
    agent = models.TextField(default="", db_default="", blank=True)
    sealed = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "web_session"
        indexes = [models.Index("expires_at", name="web_session_expires")]

    def __str__(self) -> str:
        return f"session {self.pk} of user {self.user_id}"
