"""The connection to an endpoint: does somebody listen, and is the certificate one to trust.

Trusted is what this machine trusts; which authorities Logpush knows is not documented.
"""

import asyncio
import errno
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from receiver.doctor.address import Address
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.waits import Waits
from receiver.doctor.words import line

CERTIFICATE_DAYS_MIN: Final = 14
"""Fewer days left are a warning: what renews itself does so a month before, and has failed."""

_RENEW: Final = "Renew the certificate."
_CUT: Final = (
    "the chain leads to no trusted authority: an intermediate certificate is not sent, or the "
    "authority is not a public one"
)
_WHOLE: Final = "Have the server send its certificate and all intermediates (the full chain)."
_HOST_MISMATCH: Final = frozenset({62, 64})
_TOLD_APART: Final = {  # OpenSSL's X509_V_ERR_..., from its x509_vfy.h
    9: ("the certificate, or one of its chain, is not valid yet", "Set the server's clock right."),
    10: ("the certificate, or one of its chain, has expired", _RENEW),
    18: ("the certificate is self-signed", "Use one of a public authority."),
    19: (
        "the chain ends at an authority that is not trusted",
        "Use a certificate of a public authority.",
    ),
    **dict.fromkeys((2, 20, 21), (_CUT, _WHOLE)),
    23: ("the certificate is revoked", "Use a new one."),
}


def tls_context(*, verified: bool) -> ssl.SSLContext:
    """Make a context with this machine's trusted authorities (SSL_CERT_FILE says otherwise)."""
    context = ssl.create_default_context()
    # the default of newer Pythons only: it refuses certificates that others take without a word
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def shake_hands(address: Address, *, now: datetime, waits: Waits) -> Checkup:
    """Connect and shake hands, certificates checked; name the layer where it ends.

    Where Logpush is told to skip verifying, a certificate that is not to be trusted is a warning.
    """
    place = f"{address.host}:{address.port}"
    try:
        async with asyncio.timeout(waits.connect_seconds):
            _, writer = await asyncio.open_connection(address.host, address.port)
    except TimeoutError:
        message = f"{place} does not answer: no connection in {waits.connect_seconds:g} s"
        remedy = "Look for a firewall that drops what comes."
        return line("tls", Status.FAIL, message, remedy)
    except OSError as error:
        message = f"there is no connection to {place}: {_words(error)}"
        return line("tls", Status.FAIL, message, "Start the server there, or correct the port.")
    try:
        async with asyncio.timeout(waits.handshake_seconds):
            await writer.start_tls(tls_context(verified=True), server_hostname=address.host)
        certificate = writer.get_extra_info("peercert")
        version = writer.get_extra_info("ssl_object").version()
    except ssl.SSLCertVerificationError as error:
        return _untrusted(error, address)
    except ssl.SSLError as error:
        message = f"{place} does not shake hands by TLS 1.2 or newer: {error.reason or 'no reason'}"
        return line("tls", Status.FAIL, message, "Have it speak TLS there, of a version in use.")
    except TimeoutError:
        message = (
            f"{place} takes the connection, and shakes no hands in {waits.handshake_seconds:g} s"
        )
        return line("tls", Status.FAIL, message, "Look whether it speaks TLS at all.")
    except OSError:
        message = f"{place} closed the connection in the middle of the TLS handshake"
        remedy = "Look at the server's log, and at what stands between."
        return line("tls", Status.FAIL, message, remedy)
    finally:
        writer.transport.abort()  # politeness would wait for the other side
    return _trusted(certificate, version, address, now)


def _trusted(certificate: dict[str, Any], version: str, address: Address, now: datetime) -> Checkup:
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    left = (end - now) // timedelta(days=1)
    message = (
        f"the certificate for {address.host} is trusted, issued by {_issuer(certificate)}, valid "
        f"until {end:%Y-%m-%d}, for {left:,} days more ({version})"
    )
    if left < CERTIFICATE_DAYS_MIN:
        return line("tls", Status.WARN, message, _RENEW)
    if address.skips_verifying:
        remedy = "Leave insecure-skip-verify out: the certificate is good without."
        return line("tls", Status.PASS, message, remedy)
    return line("tls", Status.PASS, message)


def _untrusted(error: ssl.SSLCertVerificationError, address: Address) -> Checkup:
    """Say why a certificate is not trusted, by OpenSSL's number for it."""
    found = f"{error.verify_message}", "Use a certificate of a public authority."
    if error.verify_code in _HOST_MISMATCH:
        remedy = "Use one that has this name, or write the name that it has into the conf."
        found = f"the certificate is not for {address.host}", remedy
    message, remedy = _TOLD_APART.get(error.verify_code, found)
    if address.skips_verifying:
        message += "; the conf tells Logpush not to mind (insecure-skip-verify=true)"
        return line("tls", Status.WARN, message, remedy)
    return line("tls", Status.FAIL, message, remedy)


def _issuer(certificate: dict[str, Any]) -> str:
    """Return who issued it: an organisation, or whatever stands in for its name."""
    named = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    return str(named.get("organizationName") or named.get("commonName") or "nobody named")


def _words(error: OSError) -> str:
    """Say why no connection came about; of several addresses the system's words are gathered."""
    for number in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET):
        if error.errno == number or f"[Errno {number}]" in str(error):
            return {errno.ECONNREFUSED: "connection refused", errno.ECONNRESET: "reset"}.get(
                number, "no way leads there"
            )
    return error.strerror or type(error).__name__
