"""file://: a folder of this machine, for copies and for trying things out."""

from receiver.destination.day import DATE
from receiver.destination.destination import Destination
from receiver.destination.parts import Parts, folder_of, notes_on_tokens
from receiver.destination.query import decoded, known_parameters


def read_local(parts: Parts) -> Destination:
    """Read `file:///dir`: an absolute path, percent escapes decoded, so `%23` is a `#`.

    `bucket` is the folder before the first segment that holds {DATE}, `path` all the rest.
    """
    if parts.authority:
        raise parts.invalid("the path is not absolute; write file:///folder, with three slashes")
    known_parameters(parts, frozenset())
    segments = [
        segment
        for piece in folder_of(parts.path).split("/")
        for segment in decoded(parts, piece).split("/")
        if segment not in {"", "."}  # a file system knows neither
    ]
    if not segments:
        raise parts.invalid("it names no folder; write file:///folder")
    if ".." in segments:
        raise parts.invalid("the path holds `..`; write the folder that is meant")
    dated = next((i for i, segment in enumerate(segments) if DATE in segment), len(segments))
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket="/" + "/".join(segments[:dated]),
        path="".join(f"{segment}/" for segment in segments[dated:]),
        notes=parts.notes + notes_on_tokens(parts.path),
    )
