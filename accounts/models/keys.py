"""Keys: what robots and people's programs prove themselves with, and what registry tokens are signed with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from accounts.models.people import MAX_NAME, User

MAX_DESCRIPTION = 1024


class Robot(models.Model):
    """An account of a program. `project` is null for one of the system.

    `secret_digest`: HMAC-SHA256 of a generated secret (accounts.keys.secrets); `secret_hash`: Argon2id of a chosen one. Those
    before a rotation prove it as well until `former_until`. `allowances`: access.allowances as JSON.
    `ancestors`: the robots it was made by, the first of them first: it may do what each of them may, while all of them live.
    `auth_epoch` moves when it loses a right, which ends every token issued before. `expires_at` null: never.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, null=True, related_name="robots"
    )
    name = models.CharField(max_length=MAX_NAME)
    description = models.CharField(max_length=MAX_DESCRIPTION, default="", db_default="", blank=True)
    secret_digest = models.BinaryField(null=True)
    secret_hash = models.TextField(default="", db_default="", blank=True)
    former_digest = models.BinaryField(null=True)
    former_hash = models.TextField(default="", db_default="", blank=True)
    former_until = models.DateTimeField(null=True)
    secret_changed_at = models.DateTimeField(db_default=Now())
    allowances = models.JSONField(default=list)
    ancestors = ArrayField(models.BigIntegerField(), default=list)
    networks = ArrayField(models.TextField(), default=list)
    disabled = models.BooleanField(default=False, db_default=False)
    expires_at = models.DateTimeField(null=True)
    auth_epoch = models.BigIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    created_by_kind = models.TextField(default="", db_default="")
    created_by_id = models.BigIntegerField(default=0, db_default=0)
    created_by_name = models.TextField(default="", db_default="")
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)

    class Meta:
        db_table = "robot"
        constraints = [
            models.UniqueConstraint("project", Lower("name"), name="robot_name", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name


class TokenKind(models.TextChoices):
    """What an access token is for."""

    PERSONAL = "pat"
    CLI_SECRET = "cli"  # noqa: S105 - a kind of key


class AccessToken(models.Model):
    """A key of a person's own, shown once. A CLI secret, of which he has one at most, stands for his password.

    `digest`, `hash`: as a robot's secret. `allowances`: bounds within the rights of its owner; null for none.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    kind = models.CharField(max_length=8, choices=TokenKind)
    name = models.CharField(max_length=MAX_NAME)
    digest = models.BinaryField(null=True)
    hash = models.TextField(default="", db_default="", blank=True)
    allowances = models.JSONField(null=True)
    networks = ArrayField(models.TextField(), default=list)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_ip = models.GenericIPAddressField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)

    class Meta:
        db_table = "access_token"
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="access_token_name"),
            models.UniqueConstraint(fields=["digest"], name="access_token_digest"),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(kind=TokenKind.CLI_SECRET),
                name="access_token_one_cli_secret",
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
