"""The native accelerator for tests that ask for it by name, whatever `bulk` picked."""

from importlib import import_module
from types import ModuleType

import pytest


def native() -> ModuleType:
    """Return the native accelerator, or skip the test."""
    try:
        return import_module("receiver.check._bulk")
    except ImportError:
        pytest.skip("the native accelerator is not built")
