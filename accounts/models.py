"""People who sign in, and the keys that sign registry tokens. Written by accounts/ alone."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

MAX_NAME = 255
MAX_EMAIL = 254


class UserManager(BaseUserManager["User"]):
    """Finds users the way they sign in: whatever the case of the letters."""

    def get_by_natural_key(self, username: str | None) -> User:
        # lower() on both sides, in the database: the unique index is on lower(username).
        return self.alias(lower_name=Lower("username")).get(lower_name=Lower(models.Value(username)))


class User(AbstractBaseUser):
    """A person's account. `auth_epoch` moves when a right is lost, which ends every token issued before."""

    username = models.CharField(max_length=MAX_NAME)
    email = models.CharField(max_length=MAX_EMAIL, default="", blank=True)
    full_name = models.CharField(max_length=MAX_NAME, default="", blank=True)
    is_active = models.BooleanField(default=True, db_default=True)
    is_admin = models.BooleanField(default=False, db_default=False)
    is_auditor = models.BooleanField(default=False, db_default=False)
    auth_epoch = models.BigIntegerField(default=1, db_default=1)
    source = models.CharField(max_length=32, default="local", db_default="local")
    created_at = models.DateTimeField(db_default=Now())

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    class Meta:
        db_table = "account_user"
        constraints = [
            models.UniqueConstraint(Lower("username"), name="account_user_username_lower"),
            # Says nothing the one above does not; Django's check auth.E003 recognises only this form.
            models.UniqueConstraint(fields=["username"], name="account_user_username"),
        ]


class SigningKey(models.Model):
    """A key pair of the token service. `private_key` is sealed (core.sealing), `kid` is RFC 7638's."""

    kid = models.TextField(primary_key=True)
    private_key = models.TextField()
    public_jwk = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    activated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "signing_key"

    def __str__(self) -> str:
        return self.kid
