"""The receiving end of Cloudflare Logpush: is the destination yours, is what arrives complete?"""

__version__ = "0.1.0"
