"""values/phone.py: which phone numbers are some."""

import pytest

from service.values.phone import phone


@pytest.mark.parametrize(
    "typed", ["+49 170 1234567", "(0170) 123-45.67", "110", "0170/1234567", "+1.555.0100"]
)
def test_it_is_kept_as_it_is_typed(typed: str) -> None:
    assert phone(f" {typed} ") == typed


@pytest.mark.parametrize(
    "typed",
    ["", " ", "11", "me", "+49 170 x", "1" * 21, "1" + 40 * " " + "23", "٠١٢٣", "++49", "-110"],
)
def test_what_nobody_can_dial_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match="Enter a valid value: A phone number"):
        phone(typed)
