"""A spinner while something is waited for; where nobody watches, a line when the reason changes."""

from datetime import timedelta

from receiver.cli.streams import complain
from receiver.cli.ticker import Ticker
from receiver.clock import Clock


class Spinner(Ticker):
    """Says what is waited for, and until when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._said = ""

    def wait(self, words: str, seconds_left: float) -> None:
        """Say it; `words` are a clause: "no challenge in gs://b/logs yet"."""
        until = self._clock.now() + timedelta(seconds=seconds_left)
        if self.watched:
            self.say(words, end=f" (until {until:%H:%M:%S} UTC)")
        elif words != self._said:
            complain(f"{words}; waiting until {until:%H:%M:%S} UTC")
        self._said = words
