"""Bodies in which null says as much as nothing: Harbor's clients send one for every field they were not given. And choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers


class Lenient(serializers.Serializer[dict[str, Any]]):
    def to_internal_value(self, data: Any) -> Any:
        """The fields that are given."""
        is_object = isinstance(data, Mapping)
        given = {name: value for name, value in data.items() if value is not None} if is_object else data
        return super().to_internal_value(given)


class Choice(serializers.ChoiceField):
    """Its refusal names the choices."""

    def __init__(self, choices: Sequence[str | int], **more: Any) -> None:
        super().__init__(choices, **more)
        self.error_messages["invalid_choice"] = f"must be one of {', '.join(map(str, choices))}"
