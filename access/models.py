"""The only membership table. Written by projects/services/members.py alone, read through access.check."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

FIRST_CUSTOM_ROLE = 100
BUILT_IN_ROLES = (1, 5)


class Member(models.Model):
    """A user's or a group's role in a project. `role_id` is Harbor's number (1-5); 100 and above is for custom roles."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="memberships"
    )
    group = models.ForeignKey(
        "accounts.Group", on_delete=models.CASCADE, null=True, related_name="memberships"
    )
    role_id = models.SmallIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    created_by_name = models.TextField(default="")

    class Meta:
        db_table = "member"
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="member_project_user"),
            models.UniqueConstraint(fields=["project", "group"], name="member_project_group"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="member_user_or_group",
            ),
            models.CheckConstraint(
                condition=models.Q(role_id__range=BUILT_IN_ROLES) | models.Q(role_id__gte=FIRST_CUSTOM_ROLE),
                name="member_role_known",
            ),
        ]

    def __str__(self) -> str:
        who = f"user {self.user_id}" if self.user_id is not None else f"group {self.group_id}"
        return f"{who} in project {self.project_id}"
