"""The receiving end of Cloudflare Logpush: is the destination yours, and did the job keep its promise?"""

__version__ = "0.1.0"
