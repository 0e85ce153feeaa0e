"""The region in which a bucket lies. Anybody may learn it: AWS names it even where it refuses."""

from contextlib import AsyncExitStack
from typing import Final

import msgspec
from botocore.exceptions import ClientError

from receiver.destination.destination import Destination
from receiver.errors import ObjectMissing, Reason, StoreUnavailable
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.s3_access import ANONYMOUS, S3Access
from receiver.store.s3_denial import Permission, region_in
from receiver.store.s3_errors import translated

_ASKED: Final = {"cn-": "cn-north-1", "us-gov-": "us-gov-west-1"}
"""AWS's partitions know nothing of each other's buckets; each has a region that knows its own."""

_ASKED_ELSE: Final = "us-east-1"


async def find_s3_region(
    destination: Destination, *, endpoint_url: str | None = None, bounds: Bounds = BOUNDS
) -> str | None:
    """Return the region of an s3:// destination's bucket; None where the server does not say.

    One HEAD of the bucket, without credentials; where it leads is not followed.

    Raises:
        ObjectMissing: there is no such bucket.
        StoreUnavailable: the server did not answer.
    """
    # The conf's own may be misspelled, and then there is no such host.
    asked = next((at for of, at in _ASKED.items() if (destination.region or "").startswith(of)), "")
    where = msgspec.structs.replace(destination, region=asked or _ASKED_ELSE)
    name = f"{destination.scheme}://{destination.bucket}"
    async with AsyncExitStack() as opened:
        access = S3Access(
            where, endpoint_url=endpoint_url, bounds=bounds, opened=opened, anonymous=True
        )
        client = await access.client(ANONYMOUS)
        with translated(name, Permission.LIST, ANONYMOUS):
            try:
                answer = await client.head_bucket(Bucket=destination.bucket)
            except ClientError as error:
                answer = error.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    if status == 404:
        raise ObjectMissing(f"{name}: there is no such bucket", reason=Reason.BUCKET_MISSING)
    if (status >= 500 and status != 501) or status == 429:
        raise StoreUnavailable(f"{name}: the store answered {status}")
    return region_in(answer)
