from __future__ import annotations

import pytest

from accounts.names import UserName
from core.errors import NameInvalid


@pytest.mark.parametrize(
    "name", ["ann", "Ann.Lee", "ann@example.org", "名前", "a" * 255, "o'brien", "ann_1-2"]
)
def test_names_people_have_are_accepted(name: str):
    assert str(UserName.parse(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "ann lee",
        " ann",
        "ann\n",
        "ann\0",
        "ann\u200b",
        "\u202eann",
        "ann\u00a0",
        "robot$ann",
        "ann:secret",
        "ann,bob",
        "\ud800",
        "a" * 256,
        "\ufb03" * 200,
        "\uff1aann",
    ],
)
def test_names_that_deceive_or_break_something_are_refused(name: str):
    with pytest.raises(NameInvalid) as refusal:
        UserName.parse(name)
    assert refusal.value.message.isprintable()


def test_names_that_look_alike_are_the_same_name():
    assert UserName.parse("\uff41nn") == UserName.parse("ann")
    assert UserName.parse("e\u0301") == UserName.parse("é")
