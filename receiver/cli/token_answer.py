"""What `token` answers, and how it is written: for people, for scripts, for GitHub Actions."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TextIO

import msgspec

from receiver.destination.challenge import Requirement
from receiver.destination.destination import Destination
from receiver.errors import ApiError, ConfigError, ResultLost, StoreError
from receiver.ownership.challenge import Challenge, NoChallenge, Written
from receiver.ownership.claims import shown
from receiver.ownership.fit import Difference, Fit
from receiver.report.phrase import counted, unbroken, visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

VARIABLE: Final = "OWNERSHIP_CHALLENGE"
GITHUB_OUTPUT: Final = "GITHUB_OUTPUT"
EXPIRED: Final = "the token has expired, and the API would refuse it; ask for a new challenge"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one destination."""

    destination: Destination
    requirement: Requirement
    result: Challenge | NoChallenge | None = None  # None: nothing was looked for
    expired: bool = False  # by its own words: the API would refuse it
    fit: Fit | None = None
    job: str = ""  # as a message names it: "job 146"

    @property
    def challenge(self) -> Challenge | None:
        """The challenge, if one was found."""
        return self.result if isinstance(self.result, Challenge) else None

    @property
    def token(self) -> str:
        """The token itself; empty where there is none."""
        return self.challenge.token.text.reveal() if self.challenge else ""

    @property
    def filename(self) -> str:
        """The key of the challenge; empty where there is none."""
        return self.challenge.written.key if self.challenge else ""

    @property
    def exit_code(self) -> Exit:
        """A token that fits, or none needed: pass. An expired one is as good as none."""
        if self.result is None:
            return Exit.UNREAD if self.requirement.required is None else Exit.PASS
        if self.fit and self.fit.differences:
            return Exit.FAIL
        return Exit.PASS if self.challenge and not self.expired else Exit.INCONCLUSIVE

    @property
    def given(self) -> bool:
        """Whether formats for scripts give an answer: a token, though it may not fit, or none."""
        return not self.expired and self.exit_code in {Exit.PASS, Exit.FAIL}

    @property
    def refusal(self) -> str:
        """Why there is no token to go on with; empty where there is one, or it does not fit."""
        if isinstance(self.result, NoChallenge):
            return self.result.message
        return EXPIRED if self.expired and self.exit_code is Exit.INCONCLUSIVE else ""

    @property
    def fits(self) -> bool | None:
        """Whether it fits the job; None where nothing tells."""
        if self.fit is None:
            return None
        if self.fit.differences:
            return False
        return True if "destination_conf" in self.fit.matches else None


def write_text(answer: Answer) -> Iterator[str]:
    """Yield the token alone on its line, or nothing."""
    if answer.given and answer.challenge:
        yield f"{answer.token}\n"


def write_env(answer: Answer) -> Iterator[str]:
    """Yield a line for a shell or an env file: the API's pattern leaves nothing to quote."""
    if answer.given:
        yield f"{VARIABLE}={answer.token}\n"


def write_mask(answer: Answer) -> Iterator[str]:
    """Yield the command that masks the token in the log of GitHub Actions ("add-mask")."""
    if answer.given and answer.challenge:
        yield f"::add-mask::{answer.token}\n"


def write_github(answer: Answer, output: TextIO) -> None:
    """Write the token and its filename as outputs of a step of GitHub Actions.

    Raises:
        ResultLost: they cannot be written.
    """
    if not answer.given:
        return
    try:
        output.write(f"token={answer.token}\n{_assigned('filename', answer.filename)}")
        output.flush()
    except OSError as error:
        raise ResultLost(f"{GITHUB_OUTPUT}: {error.strerror}; the outputs are not whole") from error


def write_json(answer: Answer) -> Iterator[str]:
    """Yield all that was found out, as JSON."""
    challenge = answer.challenge
    said: dict[str, Any] = {**_place(answer.destination, answer.requirement)}
    if challenge:
        token = challenge.token
        said |= {
            "token": answer.token,
            "filename": answer.filename,
            "written_at": write_moment(challenge.written.written_at),
            "expires_at": write_moment(token.expires_at),
            "jwt": token.claims is not None,
            "claims": [
                {"name": claim.shown_name, "value": shown(claim)} for claim in token.claims or ()
            ],
            "others": [_other(each) for each in challenge.others],
            "notes": list(challenge.notes),
        }
    if answer.fit:
        said["fit"] = {
            "job": answer.job,
            "fits": answer.fits,
            "differences": [msgspec.structs.asdict(each) for each in answer.fit.differences],
            "matches": list(answer.fit.matches),
            "unrecognised": list(answer.fit.unrecognised),
            "notes": list(answer.fit.notes),
        }
    if answer.refusal:
        reason = "challenge-expired" if challenge else "no-challenge"
        said |= {"error": {"reason": reason, "message": answer.refusal, "right": ""}}
    if isinstance(answer.result, NoChallenge):
        said |= {"looked_in": list(answer.result.looked_in)}
    yield _json(said)


def write_error_json(
    destination: Destination, requirement: Requirement, error: ApiError | StoreError
) -> Iterator[str]:
    """Yield why it could not be looked, as JSON."""
    told = {"reason": error.reason, "message": str(error), "right": error.right}
    yield _json({**_place(destination, requirement), "error": told})


def told(answer: Answer) -> Iterator[str]:
    """Yield what a person wants to know besides the token, in lines of a terminal's width."""
    for line in _told(answer):
        indent = " " * (len(line) - len(line.lstrip(" ")))
        yield from wrap(line.lstrip(" "), columns=COLUMNS, indent=indent, hang=f"{indent}  ")


def _told(answer: Answer) -> Iterator[str]:
    challenge = answer.challenge
    if answer.result is None:
        needless = "no token is needed: " if answer.requirement.required is False else ""
        yield f"{answer.destination}: {needless}{answer.requirement.why}"
    if challenge is None:
        return
    written = f"written {_when(challenge.written.written_at)}"
    yield f"found {unbroken(challenge.written.key)}, {written}"
    token = challenge.token
    if token.claims is not None:
        until = f", good until {_when(token.expires_at)}" if token.expires_at else ""
        yield f"it is a JWT of {counted(len(token.claims), 'claim')}{until}"
    for other in challenge.others:
        yield f"also there, older: {unbroken(other.key)}, written {_when(other.written_at)}"
    yield from challenge.notes
    if answer.fit:
        yield from _told_fit(answer.fit, answer.job)


@contextmanager
def github_output() -> Iterator[TextIO]:
    """Open the file in which GitHub Actions wants outputs; before any work, for it may fail.

    Raises:
        ConfigError: it is not named, or cannot be written.
    """
    named = os.environ.get(GITHUB_OUTPUT)
    if not named:
        raise ConfigError(
            f"--format github: {GITHUB_OUTPUT} names no file; it is set in a step of GitHub Actions"
        )
    try:
        # Not blocking: a named pipe that nobody reads is an error, and no wait.
        descriptor = os.open(named, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise ConfigError(f"--format github: {GITHUB_OUTPUT} {named}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as output:
        yield output


def _told_fit(fit: Fit, job: str) -> Iterator[str]:
    if fit.differences:
        yield f"it does not fit {job}: {counted(len(fit.differences), 'difference')}"
    elif "destination_conf" in fit.matches:
        yield f"it fits {job}: {', '.join(fit.matches)}"
    else:
        agrees = f"; what agrees: {', '.join(fit.matches)}" if fit.matches else ""
        yield f"nothing in it speaks against {job}, and it is not known to fit{agrees}"
    for difference in fit.differences:
        yield from _told_difference(difference)
    if fit.unrecognised:
        yield f"claims not recognised, so not compared: {', '.join(map(visible, fit.unrecognised))}"
    yield from fit.notes


def _told_difference(difference: Difference) -> Iterator[str]:
    yield f"  {difference.what}"
    yield f"    token: {visible(difference.said)}"
    yield f"    job:   {visible(difference.wanted)}"
    yield f"    {difference.remedy}"


def _place(destination: Destination, needed: Requirement) -> dict[str, Any]:
    """Return what every answer begins with; what is not known is null."""
    return {
        "destination": str(destination),
        "required": needed.required,
        "why": needed.why,
        "token": None,
        "filename": None,
        "expires_at": None,
    }


def _other(written: Written) -> dict[str, Any]:
    return {"filename": written.key, "written_at": write_moment(written.written_at)}


def _assigned(name: str, value: str) -> str:
    """Return an output's assignment; a key may hold a line break, which must not begin another."""
    if not {"\n", "\r"} & set(value):
        return f"{name}={value}\n"
    end = f"end-{secrets.token_hex(8)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _when(time: datetime) -> str:
    return f"{time:%-d %b %Y %H:%M} UTC"


def write_moment(time: datetime | None) -> str | None:
    """Return a time as RFC 3339, UTC."""
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _json(said: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(said)).decode() + "\n"
