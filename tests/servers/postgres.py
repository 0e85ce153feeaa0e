"""PostgreSQL: a private cluster, which nothing outlives; each test has a database of its own."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.launch import NotInstalled, free_port, launched

USER = "postgres"
PASSWORD = "p@ss/w:rd?#%25"  # of all that a URL gives a meaning to
PROGRAMS = ("initdb", "postgres", "psql")
_FAST = (  # nothing of it outlives the tests
    *("-c", "fsync=off", "-c", "full_page_writes=off"),
    *("-c", "unix_socket_directories=", "-c", "max_connections=200"),
    *("-c", "shared_buffers=64MB"),
)


@dataclass(kw_only=True)
class PostgresServer:
    """A running cluster."""

    port: int
    psql: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, *, port: int | None = None, password: str = PASSWORD) -> str:
        """Return a ledger's URL; a port of a proxy in front of it is taken in its place."""
        quoted = password.replace("%", "%25")
        return f"postgresql://{USER}:{quoted}@127.0.0.1:{port or self.port}/{database}"

    def make_database(self) -> str:
        """Make an empty database; returns its name."""
        name = f"ledger_{next(self._numbers)}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return name

    def run(self, database: str, statement: str) -> str:
        """Have psql run a statement; returns the rows, tabs between the columns."""
        command = (self.psql, "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database)
        done = subprocess.run(
            [*map(str, command), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"],
            input=statement,
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr}")
        return done.stdout

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Have it accept connections and answer nothing, those that there are included."""
        home = Path(self.run("postgres", "SHOW data_directory").strip())
        backends = self.run("postgres", "SELECT pid FROM pg_stat_activity").split()
        pids = [int((home / "postmaster.pid").read_text().split()[0]), *map(int, backends)]
        for signalled in (signal.SIGSTOP, signal.SIGCONT):
            for pid in pids:
                with suppress(ProcessLookupError):  # the one that told us
                    os.kill(pid, signalled)
            if signalled == signal.SIGSTOP:
                yield

    def crash(self) -> None:
        """End all of its processes at once, as a crash of one does; it comes up by itself."""
        backend = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        os.kill(int(self.run("postgres", backend)), signal.SIGKILL)


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """Run a cluster; its log goes to the folder."""
    programs = find_programs()
    as_user: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="postgres-") as root:
        home = Path(root)
        secret = home / "password"
        secret.write_text(f"{PASSWORD}\n")
        if os.geteuid() == 0:  # it refuses to be run by root, whose folders are closed to others
            as_user = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
            for path in (home, secret):
                shutil.chown(path, USER, USER)
        _init(as_user, programs["initdb"], home)
        server = PostgresServer(port=free_port(), psql=programs["psql"])
        at = ("-p", str(server.port), "-c", "listen_addresses=127.0.0.1")
        run = (*as_user, str(programs["postgres"]), "-D", str(home / "data"))
        with launched(
            (*run, *at, *_FAST), ready=lambda: _answers(server), log=folder / "postgres.log"
        ):
            yield server


def find_programs() -> dict[str, Path]:
    """Return where the programs are: Debian keeps them out of the PATH, by version."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name)
    )
    search = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    found = {name: shutil.which(name, path=search) for name in PROGRAMS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise NotInstalled(
            f"{', '.join(missing)}: apt-get install -y --no-install-recommends postgresql"
        )
    return {name: Path(path) for name, path in found.items() if path}


def _init(as_user: Sequence[str], initdb: Path, home: Path) -> None:
    command = (
        *(*as_user, initdb, "-D", home / "data", "-U", USER),
        *("-A", "scram-sha-256", f"--pwfile={home / 'password'}"),
        *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8"),
    )
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(f"initdb ended with {done.returncode}: {done.stderr[-800:]}")


def _answers(server: PostgresServer) -> bool:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", server.port)):
            return False
    try:
        return server.run("postgres", "SELECT 1").strip() == "1"
    except RuntimeError:
        return False
