"""A worker from inside: what it logs, whenever and however, costs nobody his work."""

import io
import logging
from collections.abc import Iterator
from threading import Thread

import pytest

from receiver.workers.serve import _Remarks, _Replies
from receiver.workers.wire import Remark, read_reply, take_blocking


class Pipe(io.BytesIO):
    """The way to the parent. What Python does amid a frame is `amid`."""

    amid: tuple[str, ...] = ()

    def write(self, content: object) -> int:
        amid, self.amid = self.amid, ()
        if amid:
            logging.getLogger("tests.worker").warning(*amid)
        return super().write(content)  # type: ignore[arg-type]

    def remarks(self) -> list[str]:
        self.seek(0)
        found = []
        while (body := take_blocking(self)) is not None:
            remark = read_reply(body)
            assert isinstance(remark, Remark)
            found.append(remark.message)
        return found


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def log(pipe: Pipe) -> Iterator[logging.Logger]:
    log, handler = logging.getLogger("tests.worker"), _Remarks(_Replies(pipe))
    log.addHandler(handler)
    log.propagate = False
    yield log
    log.removeHandler(handler)
    log.propagate = True


def test_what_is_logged_amid_a_frame_comes_after_it_and_waits_for_nothing(
    pipe: Pipe, log: logging.Logger
) -> None:
    pipe.amid = ("a task's error was never taken",)
    logging_ = Thread(target=log.warning, args=("no answer",), daemon=True)
    logging_.start()
    logging_.join(30)
    assert not logging_.is_alive()
    assert pipe.remarks() == ["no answer", "a task's error was never taken"]


def test_many_threads_log_and_every_frame_is_whole(pipe: Pipe, log: logging.Logger) -> None:
    said = [f"{number} {'x' * number}" for number in range(400)]

    def say(part: int) -> None:
        for each in said[part::4]:
            log.warning(each)

    threads = [Thread(target=say, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(pipe.remarks()) == sorted(said)


def test_what_cannot_be_logged_raises_nothing(
    pipe: Pipe, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.warning("%d objects", "many")
    log.warning("key %s", "half\ud83d.gz")
    assert pipe.remarks() == ["key half\\ud83d.gz"]
