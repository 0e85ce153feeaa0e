"""In which region an S3 bucket lies, and in which the destination_conf says it does."""

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.words import line
from receiver.errors import StoreError
from receiver.store.bounds import Bounds
from receiver.store.open import find_region


async def look_at_region(
    destination: Destination, *, clock: Clock, endpoint_url: str | None, bounds: Bounds
) -> Checkup | None:
    """Compare the two; None where regions are nobody's business (all but Amazon's own S3)."""
    if destination.scheme is not Scheme.S3 or (destination.endpoint and endpoint_url is None):
        return None
    try:
        region = await find_region(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=bounds
        )
    except StoreError as error:
        return line("region", Status.UNKNOWN, f"the region could not be found out: {error}")
    if region is None:
        return line("region", Status.UNKNOWN, "the server does not say in which region it lies")
    write = f"Write region={region} into the destination_conf."
    if destination.region is None:
        message = f"the bucket lies in {region}, and the destination_conf names no region"
        return line("region", Status.WARN, message, write)
    if region != destination.region:
        message = f"the bucket lies in {region}, the destination_conf says {destination.region}"
        return line("region", Status.FAIL, message, write)
    return line("region", Status.PASS, f"the bucket lies in {region}, as the conf says")
