"""An S3 server for the tests: users with different rights, buckets, and a client of its own.

The client is boto3, which the stores do not use: what they read was written by somebody else.
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from receiver.destination.destination import Destination, Scheme
from receiver.secret import Secret


@dataclass(frozen=True, kw_only=True)
class User:
    """An access key of a server."""

    access_key_id: str
    secret_access_key: str


@dataclass(kw_only=True)
class S3Server:
    """A running server. Of every bucket, `writer` may only put, `getter` only get, `reader` both
    list and get; `owner` may do all. `denies_missing`: a getter is told 403 of a missing key.
    """

    port: int
    owner: User
    reader: User
    getter: User
    writer: User
    policies: bool  # rights are a policy of each bucket, not of the user
    denies_missing: bool
    _numbers: Any = field(default_factory=itertools.count, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str = "s3") -> Any:
        """Return the owner's boto3 client, made once: making one takes longer than most tests."""
        if service not in self._clients:
            self._clients[service] = self._make_client(service)
        return self._clients[service]

    def _make_client(self, service: str) -> Any:
        user = self.owner
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=user.access_key_id,
            aws_secret_access_key=user.secret_access_key,
            config=Config(s3={"addressing_style": "path"}),
        )

    def make_bucket(self) -> str:
        """Create an empty bucket with the users' rights; return its name."""
        bucket = f"logs-{next(self._numbers)}"
        client = self.client()
        client.create_bucket(Bucket=bucket)
        if self.policies:
            client.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket))
        return bucket

    def destination(
        self, bucket: str, *, user: User | None = None, path: str = "", sse: str | None = None
    ) -> Destination:
        """Return a destination with a user's keys in its conf; the owner's, if none is named."""
        return destination(bucket, user=user or self.owner, path=path, sse=sse)


def destination(
    bucket: str, *, user: User | None, path: str = "", sse: str | None = None
) -> Destination:
    """Return an s3:// destination, with a user's keys or without any."""
    return Destination(
        conf=Secret(f"s3://{bucket}/{path}"),
        scheme=Scheme.S3,
        bucket=bucket,
        path=path,
        region="us-east-1",
        sse=sse,
        access_key_id=Secret(user.access_key_id) if user else None,
        secret_access_key=Secret(user.secret_access_key) if user else None,
    )


RIGHTS = {
    "owner": ("s3:*",),
    "reader": ("s3:GetObject", "s3:ListBucket"),
    "getter": ("s3:GetObject",),
    "writer": ("s3:PutObject",),
}


def bucket_policy(bucket: str) -> str:
    """Return the policy that gives the users their rights on one bucket."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam:::user/{name}"]},
            "Action": list(actions),
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        for name, actions in RIGHTS.items()
        if name != "owner"
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
