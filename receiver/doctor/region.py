"""In which region an S3 bucket lies, and in which the destination_conf says it does."""

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.waits import Waits, in_time
from receiver.doctor.words import line
from receiver.errors import StoreError
from receiver.store.open import find_region


def has_region(destination: Destination, endpoint_url: str | None) -> bool:
    """Tell whether a server may be asked for a region: an endpoint in the conf has its own ways."""
    return destination.scheme is Scheme.S3 and not (destination.endpoint and endpoint_url is None)


async def look_at_region(
    destination: Destination, *, clock: Clock, endpoint_url: str | None, waits: Waits
) -> Checkup | None:
    """Compare the two; None where regions are nobody's business (all but Amazon's own S3)."""
    if not has_region(destination, endpoint_url):
        return None
    try:
        question = find_region(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=waits.bounds
        )
        region = await in_time(question, what=str(destination), waits=waits)
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
