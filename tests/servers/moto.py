"""moto: S3 and SQS on one port, with IAM users whose rights it enforces."""

import importlib.util
import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.launch import NotInstalled, answers, free_port, launched
from tests.servers.s3 import RIGHTS, S3Server, User

ROOT = User(access_key_id="testing", secret_access_key="testing")


@contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """Run a moto server; its log goes to the folder."""
    if importlib.util.find_spec("moto") is None:
        raise NotInstalled("moto: pip install 'moto[server]'")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    with launched(command, ready=answers(f"{url}/moto-api/"), log=folder / "moto.log"):
        server = S3Server(
            port=port,
            owner=ROOT,
            reader=ROOT,
            getter=ROOT,
            writer=ROOT,
            policies=False,
            denies_missing=False,
        )
        iam = server.client("iam")
        users = {name: _make_user(iam, name) for name in RIGHTS}
        server.owner, server.reader = users["owner"], users["reader"]
        server.getter, server.writer = users["getter"], users["writer"]
        _enforce_rights(url)
        yield server


def _make_user(iam: Any, name: str) -> User:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(RIGHTS[name]), "Resource": "*"}],
    }
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return User(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def _enforce_rights(url: str) -> None:
    """From now on every request must be signed by a user who has the right."""
    request = urllib.request.Request(
        f"{url}/moto-api/reset-auth",
        data=b"0",  # so many more requests are let through
        headers={"Content-Type": "text/plain"},
    )
    with urllib.request.urlopen(request, timeout=10):
        pass
