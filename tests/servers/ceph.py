"""Ceph's S3 gateway on a cluster of one: a monitor, a store in memory, the gateway. All real.

It checks signatures, clocks and policies as AWS does. Up in about 14 s; nothing outlives it.
"""

import os
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.servers.launch import NotInstalled, free_port, launched
from tests.servers.s3 import RIGHTS, S3Server, User

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool")

CONF = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
ms type = async+posix
# the gateway's default, secure, loops for ever without cephx
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 500
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
crash dir = {folder}/crash
[mon]
mon data = {folder}/mon
mon data avail crit = 1
mon data avail warn = 2
mon initial members = a
# each pool is a proposal, and by default one is made a second
paxos propose interval = 0.05
paxos min wait = 0.01
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
osd heartbeat grace = 60
osd class load list = *
osd class default list = *
[client.rgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{rgw_port}
rgw dns name = localhost
rgw enable usage log = false
"""


@contextmanager
def ceph_rgw(folder: Path) -> Iterator[S3Server]:
    """Run a cluster with its files in an empty folder."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise NotInstalled(
            f"{', '.join(missing)}: apt-get install -y --no-install-recommends "
            "radosgw ceph-mon ceph-osd ceph-common"
        )
    mon_port, rgw_port, fsid = free_port(), free_port(), str(uuid.uuid4())
    for name in ("mon", "osd", "rgw", "crash/posted"):
        (folder / name).mkdir(parents=True)
    conf = folder / "ceph.conf"
    conf.write_text(CONF.format(folder=folder, fsid=fsid, mon_port=mon_port, rgw_port=rgw_port))
    cluster = _Cluster(folder, conf)
    with ExitStack() as running:  # stopped in reverse: an OSD without its monitor hangs on
        cluster.make_monitor(fsid, mon_port)
        running.enter_context(cluster.launched("ceph-mon", "-f", "-i", "a", ready=lambda: True))
        cluster.make_osd()
        running.enter_context(cluster.launched("ceph-osd", "-f", "-i", "0", ready=cluster.osd_up))
        url = f"http://127.0.0.1:{rgw_port}/"
        gateway = ("radosgw", "-f", "-n", "client.rgw")
        running.enter_context(cluster.launched(*gateway, ready=lambda: _serves_s3(url)))
        users = {name: cluster.make_user(name) for name in RIGHTS}
        server = S3Server(
            port=rgw_port,
            owner=users["owner"],
            reader=users["reader"],
            getter=users["getter"],
            writer=users["writer"],
            policies=True,
            denies_missing=True,
        )
        warm = server.make_bucket()  # the first bucket and the first object take 2 s each
        server.client().put_object(Bucket=warm, Key="warm", Body=b"")
        yield server


class _Cluster:
    """The commands of one cluster, all under its own configuration."""

    def __init__(self, folder: Path, conf: Path) -> None:
        self._folder = folder
        self._environment = {"CEPH_CONF": str(conf)}

    def launched(self, *command: str, ready: Callable[[], bool]) -> AbstractContextManager[None]:
        log = self._folder / f"{command[0]}.out"
        return launched(command, ready=ready, log=log, environment=self._environment)

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-800:]}")
        return done.stdout

    def make_monitor(self, fsid: str, port: int) -> None:
        # the keyring stays outside of the monitor's folder: with it, --mkfs does nothing, silently
        keyring, monmap = self._folder / "mon.keyring", self._folder / "monmap"
        address = f"[v2:127.0.0.1:{port}/0]"
        self.run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)
        self.run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.")
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def make_osd(self) -> None:
        osd = str(uuid.uuid4())
        self.run("ceph", "osd", "new", osd)  # waits for the monitor
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self.run("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")

    def osd_up(self) -> bool:
        return "1 up" in self.run("ceph", "osd", "stat")

    def make_user(self, name: str) -> User:
        user = User(access_key_id=f"AKIA{name.upper()}", secret_access_key=f"{name}-secret-of-ceph")
        keys = (f"--access-key={user.access_key_id}", f"--secret-key={user.secret_access_key}")
        names = (f"--uid={name}", f"--display-name={name}")
        self.run("radosgw-admin", "user", "create", *names, *keys)
        return user


def _serves_s3(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return b"ListAllMyBucketsResult" in answer.read()
    except OSError:
        return False
