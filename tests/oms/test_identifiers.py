from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.identifiers import ALPHABET, check_digit, new_number, normalize_number, uuid7

bodies = st.text(alphabet=ALPHABET, min_size=8, max_size=8)


@given(body=bodies)
def test_the_check_digit_catches_any_single_typo(body: str) -> None:
    """One character read as any other, anywhere, the check digit included: it is no number of ours."""
    right = body + check_digit(body)
    typos = {right[:place] + wrong + right[place + 1 :] for place in range(9) for wrong in ALPHABET} - {right}
    assert len(typos) == 9 * 31
    assert {typo for typo in typos if normalize_number("R" + typo, "R")} == set()


@given(body=bodies)
def test_the_check_digit_catches_any_two_neighbors_that_changed_places(body: str) -> None:
    right = body + check_digit(body)
    swaps = {right[:place] + right[place + 1] + right[place] + right[place + 2 :] for place in range(8)} - {right}
    assert {swap for swap in swaps if normalize_number("R" + swap, "R")} == set()


def test_a_new_number_can_be_read_back() -> None:
    for _ in range(100):
        number = new_number("R")
        assert normalize_number(number, "R") == number


@pytest.mark.parametrize(
    "typed",
    ["R-0123-45678", "r-0123-45678", "R 0123 45678", "r012345678", " R-0123-45678\n", "R-OI23-45678", "RoL2345678"],
)
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    digit = check_digit("01234567")
    assert normalize_number(typed.replace("8", digit), "R") == f"R-0123-4567{digit}"


@pytest.mark.parametrize(
    "typed", ["", "R", "R-0123-4567", "R-0123-456789", "F-0123-45678", "R-012U-45678", "R-०१२३-४५६७८"]
)
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert normalize_number(typed, "R") is None


def test_ids_are_of_version_7_and_in_the_order_they_were_made() -> None:
    made = [uuid7() for _ in range(50)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 50
    assert all(first.int >> 80 <= second.int >> 80 for first, second in pairwise(made))
