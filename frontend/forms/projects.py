"""The form of a new project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.oci.names import ProjectName

UNITS: Final[Mapping[str, int]] = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
BIGGEST: Final = 2**63 - 1


@dataclass(slots=True)
class NewProject:
    """As it was typed. `mistakes`: by field, a sentence each."""

    name: str = ""
    public: bool = False
    amount: str = ""
    unit: str = "GiB"
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> NewProject:
        unit = sent.get("unit", "GiB")
        form = cls(
            name=sent.get("name", "").strip(),
            public=sent.get("visibility") == "public",
            amount=sent.get("amount", "").strip(),
            unit=unit if unit in UNITS else "GiB",
        )
        form._check_name()
        form._check_quota()
        return form

    @property
    def quota(self) -> int | None:
        """In bytes, None for as the settings say."""
        if not self.amount or "amount" in self.mistakes:
            return None
        return int(Decimal(self.amount) * UNITS[self.unit])

    def _check_name(self) -> None:
        try:
            ProjectName.parse(self.name)
        except InvalidInput:
            self.mistakes["name"] = _(
                "Lower-case letters, digits, and . _ - between them; it begins and ends with a letter or digit."
            )

    def _check_quota(self) -> None:
        if not self.amount:
            return
        try:
            bytes_ = Decimal(self.amount) * UNITS[self.unit]
        except ArithmeticError:
            bytes_ = Decimal("NaN")
        if not bytes_.is_finite() or not 1 <= bytes_ <= BIGGEST:
            self.mistakes["amount"] = _(
                "A number above 0, such as 50 or 0.5. Leave it empty for the usual quota."
            )
