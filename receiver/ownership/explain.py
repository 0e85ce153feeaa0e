"""What will happen when Logpush proves a destination: told without asking anybody."""

from datetime import datetime
from typing import Final

import msgspec

from receiver.destination.azure import read_sas
from receiver.destination.challenge import NAME_BEGINNING, challenge_folders, requirement
from receiver.destination.destination import Destination, Scheme

# Source: Logpush, the pages "Enable Amazon S3" and "Enable Google Cloud Storage".
S3_WRITER: Final = "arn:aws:iam::391854517948:user/cloudflare-logpush"
GCS_WRITER: Final = "logpush@cloudflare-data.iam.gserviceaccount.com"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens: what it is called, and sentences about it. Shows no secret."""

    name: str
    text: str


def explain(destination: Destination, now: datetime) -> tuple[Step, ...]:
    """Say what happens with the challenge of a destination: where it lies, who writes and reads it.

    Source: Logpush, "Ownership challenge"; what is not documented is said to be so.
    """
    needed = requirement(destination)
    if needed.required is None:
        return (Step(name="Needed?", text=f"{needed.why.capitalize()}."),)
    if not needed.required:
        text = f"No: {needed.why}. Create the job without `ownership_challenge`."
        return (Step(name="Needed?", text=text),)
    return (
        Step(name="Needed?", text=f"Yes: {needed.why}, and the job needs the token in it."),
        Step(
            name="First",
            text="POST /ownership, of the zone or the account that the job is for, with exactly the"
            " destination_conf of the job, {DATE} and parameters included. The answer names the"
            " file; `valid: false` in it is a refusal, whatever the HTTP status.",
        ),
        Step(name="Where", text=_where(destination, now)),
        Step(name="Written by", text=_writer(destination)),
        Step(name="Read by", text=_reader(destination)),
        Step(
            name="Then",
            text="Give the token as `ownership_challenge` when the job is created. It is a JWT of"
            " one line, good for 7 days, for this destination_conf and this zone or account only."
            " The file may be deleted once the job exists.",
        ),
    )


def _where(destination: Destination, now: datetime) -> str:
    if destination.scheme is Scheme.SUMO:
        return (
            "A log message of the HTTP source, found by Live Tail or a search. In what form is not"
            " documented: what is looked for is a message that is a token as a whole."
        )
    folders = challenge_folders(destination, now)
    names = " or ".join(f"{folder}{NAME_BEGINNING}*.txt" for folder in folders)
    unsure = " Whether {DATE} is substituted in it is not documented." if destination.dated else ""
    return f"{names}.{unsure} The name in the API's answer is the one to trust (--filename)."


def _writer(destination: Destination) -> str:
    match destination.scheme:
        case Scheme.S3:
            return f"{S3_WRITER}, which needs s3:PutObject on {_arn(destination)}."
        case Scheme.GS:
            return f"{GCS_WRITER}, which needs the role Storage Object Admin on the bucket."
        case Scheme.AZURE:
            return "The SAS of the destination_conf: write, for objects (sp=w, srt=o, ss=b)."
        case Scheme.FILE:
            return "The local Logpush API: Cloudflare's cannot write to this machine."
    return "Logpush, which posts to the source's address: whoever has that can write to it."


def _reader(destination: Destination) -> str:
    match destination.scheme:
        case Scheme.S3:
            return (
                f"You: s3:GetObject on {_arn(destination)}, and without --filename"
                f" s3:ListBucket on arn:aws:s3:::{destination.bucket}."
            )
        case Scheme.GS:
            return (
                "You: storage.objects.get, and without --filename storage.objects.list;"
                " roles/storage.objectViewer has both."
            )
        case Scheme.AZURE:
            sas = read_sas(destination.sas.reveal()) if destination.sas else None
            if sas and sas.can_read and sas.can_list:
                return "The SAS of the destination_conf, which may read and list."
            return (
                "You, and not by that SAS, which only writes: the role Storage Blob Data Reader, or"
                " a SAS of your own with sp=rl in AZURE_STORAGE_SAS_TOKEN."
            )
        case Scheme.FILE:
            return "You: the right to read the folder."
    return (
        "You: an access id and key whose role may search, in SUMOLOGIC_ACCESSID and"
        " SUMOLOGIC_ACCESSKEY."
    )


def _arn(destination: Destination) -> str:
    return f"arn:aws:s3:::{destination.bucket}/{destination.prefix_literal}*"
