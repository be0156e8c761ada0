"""People who sign in, what other sources know them by, and their groups."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

MAX_NAME = 255
MAX_EMAIL = 254
MAX_DN = 2048


class Source(models.TextChoices):
    """Where an account or a group comes from."""

    LOCAL = "local"
    LDAP = "ldap"
    OIDC = "oidc"


class DisabledBy(models.TextChoices):
    """Who closed an account: only what the directory closed does it open again."""

    NOBODY = ""
    ADMIN = "admin"
    DIRECTORY = "directory"


class UserManager(BaseUserManager["User"]):
    """Finds users the way they sign in: whatever the case of the letters."""

    def get_by_natural_key(self, username: str | None) -> User:
        # lower() on both sides, in the database: the unique index is on lower(username).
        return self.alias(lower_name=Lower("username")).get(lower_name=Lower(models.Value(username)))


class User(AbstractBaseUser):
    """A person's account. `auth_epoch` moves when a right is lost, which ends every token issued before.

    `source` says who owns its name and mail. Any identity signs in; a usable password does besides, whatever the source.
    `admin_from_directory`: `is_admin` was given by a group of the directory and goes with it; so for auditors.
    """

    username = models.CharField(max_length=MAX_NAME)
    email = models.CharField(max_length=MAX_EMAIL, default="", blank=True)
    full_name = models.CharField(max_length=MAX_NAME, default="", blank=True)
    is_active = models.BooleanField(default=True, db_default=True)
    is_admin = models.BooleanField(default=False, db_default=False)
    is_auditor = models.BooleanField(default=False, db_default=False)
    auth_epoch = models.BigIntegerField(default=1, db_default=1)
    source = models.CharField(max_length=32, choices=Source, default=Source.LOCAL, db_default=Source.LOCAL)
    admin_from_directory = models.BooleanField(default=False, db_default=False)
    auditor_from_directory = models.BooleanField(default=False, db_default=False)
    disabled_by = models.CharField(
        max_length=16, choices=DisabledBy, default=DisabledBy.NOBODY, db_default=DisabledBy.NOBODY, blank=True
    )
    # What is not as usual: accounts.preferences.
    preferences = models.JSONField(default=dict, db_default={}, blank=True)
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


class Identity(models.Model):
    """What a source knows an account by. `subject` never changes there (entryUUID, objectGUID; sub), `name` and `dn` may.

    `issuer` tells several providers of one source apart; "" for LDAP. `gone_at`: when the source was seen without it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    source = models.CharField(max_length=32, choices=Source)
    issuer = models.CharField(max_length=512, default="", db_default="", blank=True)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=MAX_NAME, default="", db_default="", blank=True)
    dn = models.CharField(max_length=MAX_DN, default="", db_default="", blank=True)
    linked_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_identity"
        constraints = [
            models.UniqueConstraint(fields=["source", "issuer", "subject"], name="account_identity_subject"),
            models.UniqueConstraint(
                fields=["user", "source", "issuer"], name="account_identity_one_per_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


class Group(models.Model):
    """People who get roles together. Of a directory's group, `subject` never changes there, `dn` may.

    `directory_name`: its name there, "" for the same; `name` follows it unless an administrator chose another.
    `synced_at`: when its members were last read. `gone_at`: when the directory was seen without it; it has no members then.
    """

    name = models.CharField(max_length=MAX_NAME)
    source = models.CharField(max_length=32, choices=Source, default=Source.LOCAL, db_default=Source.LOCAL)
    subject = models.CharField(max_length=255, default="", db_default="", blank=True)
    dn = models.CharField(max_length=MAX_DN, default="", db_default="", blank=True)
    directory_name = models.CharField(max_length=MAX_NAME, default="", db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    synced_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "user_group"
        constraints = [
            models.UniqueConstraint(Lower("name"), name="user_group_name_lower"),
            models.UniqueConstraint(
                fields=["source", "subject"], condition=~models.Q(subject=""), name="user_group_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(source=Source.LOCAL, subject="")
                | (~models.Q(source=Source.LOCAL) & ~models.Q(subject="")),
                name="user_group_subject_unless_local",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A user in a group: by an administrator for a local group, by sign-in and synchronisation for a directory's."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="groups")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "user_group_member"
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="user_group_member_once")]

    def __str__(self) -> str:
        return f"user {self.user_id} in group {self.group_id}"
