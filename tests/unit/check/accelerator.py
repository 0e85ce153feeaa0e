"""The native accelerator for tests that ask for it by name, whatever `bulk` picked."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import pytest

from receiver.check import bulk


def native() -> ModuleType:
    """Return the native accelerator, or skip the test."""
    try:
        return import_module("receiver.check._bulk")
    except ImportError:
        pytest.skip("the native accelerator is not built")


@contextmanager
def checking_with(one: ModuleType) -> Iterator[None]:
    """Let the checker work with this one for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name in bulk.__all__[1:]:
            patch.setattr(bulk, name, getattr(one, name))
        yield
