"""Whole processes: start-up, two cores, memory, as the operating system counts each child."""

import gzip
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from receiver.job.expectation import TimestampFormat
from tests.bench.batches import NAME, fields_of, lines_of, packed

MIB = 1 << 20
START_GOAL = 0.5  # CPU seconds
CORES_GOAL = 1.7
MEMORY_GOAL = 64  # MiB over an idle worker


class Cost:
    """CPU and wall seconds of a command and its children; what it wrote on standard error."""

    def __init__(self, command: Sequence[str]) -> None:
        begun = os.times()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr is not None
        self.said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            raise RuntimeError(f"{command}: {self.said}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.wall = os.times().elapsed - begun.elapsed

    @property
    def peak_mib(self) -> float:
        """Peak memory in MiB, of a command that tells it: see PEAK."""
        return int(self.said.split()[-2]) / 1024


# A child's ru_maxrss counts what its parent had before exec, VmHWM does not.
PEAK = """
import sys
from receiver.cli.main import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        sys.stderr.write(next(line for line in status if line.startswith("VmHWM")))
"""


def _verify(folder: Path, *more: str) -> list[str]:
    program = [sys.executable, "-c", PEAK, "verify", str(folder)]
    return [*program, "--dataset", "http_requests", "--options", f"@{folder.parent}/options", *more]


def _folder(root: Path, batches: Iterable[bytes]) -> Path:
    folder = root / "logs"
    folder.mkdir()
    (root / "options").write_text(f"fields={','.join(fields_of('http_requests'))}")
    for number, batch in enumerate(batches):
        (folder / NAME.replace("9af500e2", f"{number:08x}")).write_bytes(batch)
    return folder


def start(rounds: int) -> Iterator[str]:
    """CPU seconds until a local verify of one small batch is over."""
    lines = lines_of("http_requests", fields_of("http_requests"), TimestampFormat.UNIXNANO, 10)
    with tempfile.TemporaryDirectory() as root:
        folder = _folder(Path(root), [packed(lines)])
        cpu = min(Cost(_verify(folder)).cpu for _ in range(rounds))
    yield f"a local verify of one small batch: {cpu:.2f} s of CPU (goal <= {START_GOAL})"


def cores(records: int, rounds: int) -> Iterator[str]:
    """Wall time of one worker against two, in turns."""
    lines = lines_of("http_requests", fields_of("http_requests"), TimestampFormat.UNIXNANO, records)
    batch = packed(lines)
    with tempfile.TemporaryDirectory() as root:
        folder = _folder(Path(root), [batch] * 16)
        pairs = [
            (Cost(_verify(folder, "-j", "1")).wall, Cost(_verify(folder, "-j", "2")).wall)
            for _ in range(rounds)
        ]
    one, two = (min(each) for each in zip(*pairs, strict=True))
    yield f"16 batches of {records:,} records: 2 processes {one / two:.2f} times as fast as 1"
    yield f"  (goal >= {CORES_GOAL} on 2 cores; here {os.cpu_count()})"


def memory(size_mib: int) -> Iterator[str]:
    """Peak memory of verifying what is large, over verifying one small batch."""
    lines = lines_of("http_requests", fields_of("http_requests"), TimestampFormat.UNIXNANO, 2000)
    block = b"".join(line.rstrip(b"\n") + b"\n" for line in lines)
    cases: dict[str, Iterable[bytes]] = {
        f"{size_mib:,} MiB of records": (block for _ in range(size_mib * MIB // len(block))),
        f"one line of {size_mib:,} MiB": (b"x" * MIB for _ in range(size_mib)),
        f"a bomb: {size_mib * 4:,} MiB of zeros": (bytes(MIB) for _ in range(size_mib * 4)),
        f"{size_mib:,} MiB of equal lines": (b'{"RayID":"1"}\n' * 74899 for _ in range(size_mib)),
    }
    with tempfile.TemporaryDirectory() as root:
        folder = _folder(Path(root), [packed(lines[:10])])
        idle = Cost(_verify(folder, "-j", "1")).peak_mib
        yield f"peak memory over a small verify of {idle:.0f} MiB (goal <= {MEMORY_GOAL})"
        for what, parts in cases.items():
            path = folder / NAME.replace("9af500e2", "00000000")
            with gzip.open(path, "wb", compresslevel=1) as file:
                for part in parts:
                    file.write(part)
            peak = Cost(_verify(folder, "-j", "1")).peak_mib
            yield f"  {what:34}{peak - idle:>7.1f} MiB"


def machine() -> str:
    """One line on where this ran."""
    with Path("/proc/cpuinfo").open() as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    python = ".".join(map(str, sys.version_info[:3]))
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    bound = "" if limit == resource.RLIM_INFINITY else f", at most {limit >> 20} MiB a process"
    return f"{os.cpu_count()} x {model}, {total} GiB, CPython {python}{bound}"
