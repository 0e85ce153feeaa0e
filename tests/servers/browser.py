"""A real Chromium without a window, as Debian has it; nothing is ever downloaded."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.servers.launch import NotInstalled

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # it refuses to run as root with it
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser until the block is left; it has a profile of its own."""
    found = [path for path in map(shutil.which, PROGRAMS) if path]
    if not found:
        raise NotInstalled("chromium: apt-get install -y --no-install-recommends chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found[0], args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
