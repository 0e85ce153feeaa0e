"""The envelope around every answer; `errors` and `messages` are always lists."""

from typing import Any

from receiver.emulator.api.refusals import Refusal

Envelope = dict[str, Any]


def answered(result: object, *, info: dict[str, int] | None = None) -> Envelope:
    """Wrap a result; `info` is the `result_info` of a page."""
    envelope = {"errors": [], "messages": [], "result": result, "success": True}
    return envelope if info is None else envelope | {"result_info": info}


def refused(refusal: Refusal) -> Envelope:
    """Wrap a refusal."""
    code = refusal.kind.code
    return {
        "errors": [{"code": code, "message": refusal.message}],
        "messages": [{"code": code, "message": refusal.hint}] if refusal.hint else [],
        "result": None,
        "success": False,
    }
