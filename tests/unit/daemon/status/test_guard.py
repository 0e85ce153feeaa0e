"""Who may ask."""

import base64

import pytest

from receiver.daemon.status.guard import Access, is_own_name
from receiver.secret import Secret

PASSWORD = "pässword:with:colons"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("localhost:8788", True),
        ("127.0.0.1:8788", True),
        ("127.8.9.1", True),
        ("[::1]:8788", True),
        ("LOCALHOST:1", True),
        ("receiver.localhost:1", True),
        ("evil.example", False),
        ("evil.example:8788", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:80", False),
        ("169.254.169.254", False),
        ("0.0.0.0:8788", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_its_own(host: str, own: bool) -> None:
    assert is_own_name(host) is own


class TestBasic:
    ACCESS = Access(user="ops", password=Secret(PASSWORD))

    def test_the_right_user_and_password_may_look(self) -> None:
        assert self.ACCESS.allows(basic("ops", PASSWORD))

    @pytest.mark.parametrize(
        "shown",
        [
            "",
            "Basic",
            "Basic !!!",
            "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
            basic("ops", ""),
            basic("ops", PASSWORD + "x"),
            basic("", PASSWORD),
            basic("root", PASSWORD),
            f"Bearer {PASSWORD}",
            basic("ops", PASSWORD).replace("Basic", "Digest"),
        ],
    )
    def test_nothing_else_may(self, shown: str) -> None:
        assert not self.ACCESS.allows(shown)


class TestBearer:
    ACCESS = Access(token=Secret("t0ken"))

    def test_the_token_may_look(self) -> None:
        assert self.ACCESS.allows("Bearer t0ken")
        assert self.ACCESS.allows("bearer t0ken")

    @pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer t0ke", "t0ken", basic("", "t0ken")])
    def test_nothing_else_may(self, shown: str) -> None:
        assert not self.ACCESS.allows(shown)


def test_both_can_be_given() -> None:
    access = Access(user="ops", password=Secret("p"), token=Secret("t"))
    assert access.allows(basic("ops", "p"))
    assert access.allows("Bearer t")
    assert len(access.challenges) == 2


def test_printing_it_shows_no_secret() -> None:
    assert PASSWORD not in repr(TestBasic.ACCESS)
