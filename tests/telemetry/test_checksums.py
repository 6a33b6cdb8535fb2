"""Numbers that carry their own proof: published examples hold, and no other last sign would do."""

from collections.abc import Callable

import pytest

from toolboxai.telemetry.privacy import checksums


@pytest.mark.parametrize(
    ("holds", "number"),
    [
        (checksums.luhn, "490154203237518"),
        (checksums.card, "4111111111111111"),
        (checksums.card, "378282246310005"),
        (checksums.iban, "GB29NWBK60161331926819"),
        (checksums.nhs, "9434765919"),
        (checksums.verhoeff, "234123412346"),
        (checksums.cpf, "52998224725"),
        (checksums.steuer_id, "86095742719"),
        (checksums.nir, "255081416802538"),
        (checksums.ahv, "7569217076985"),
        (checksums.belgian, "85073003328"),
        (checksums.dni, "12345678Z"),
        (checksums.dni, "X1234567L"),
        (checksums.chinese, "11010519491231002X"),
    ],
)
def test_only_one_last_sign_makes_a_number_whole(holds: Callable[[str], bool], number: str) -> None:
    signs = (
        "0123456789X"
        if number[-1] == "X"
        else "TRWAGMYFPDXBNJZSQVHLCKE"
        if number[-1].isalpha()
        else "0123456789"
    )

    assert [sign for sign in signs if holds(number[:-1] + sign)] == [number[-1]]


@pytest.mark.parametrize(
    "number", ["000123456", "666123456", "900123456", "123006789", "123450000"]
)
def test_what_was_never_issued_is_no_social_security_number(number: str) -> None:
    assert checksums.ssn("123456789")
    assert not checksums.ssn(number)


@pytest.mark.parametrize(
    "number", ["1111111111111", "9111111111111111", "4111111111111", "0000000000000000"]
)
def test_what_no_issuer_begins_with_is_no_card(number: str) -> None:
    assert not checksums.card(number)
