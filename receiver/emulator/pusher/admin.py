"""The plan of faults read and replaced while the emulator runs: GET and PUT /admin/faults.

A path of ours: Cloudflare has nothing like it. A web page cannot use it unasked, for a browser
asks first before it sends a PUT elsewhere, and is not answered.
"""

from typing import Final

from aiohttp import web

from receiver.emulator.api.refusals import PLAN_INVALID, Refusal
from receiver.emulator.api.routes import read_body
from receiver.emulator.pusher.plan import FaultPlan
from receiver.emulator.pusher.plan_file import parse_plan
from receiver.errors import ConfigError

PATH: Final = "/admin/faults"
_TOML: Final = "application/toml"


def fault_routes(faults: FaultPlan) -> list[web.RouteDef]:
    """Return the routes for an application; PUT takes a whole plan, and answers what GET would."""

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=faults.plan.text, content_type=_TOML)

    async def replace(request: web.Request) -> web.Response:
        try:
            text = (await read_body(request)).decode()
            faults.replace(parse_plan(text, source="the plan"))
        except UnicodeDecodeError:
            raise Refusal(PLAN_INVALID, "the plan is not UTF-8; write it as TOML") from None
        except ConfigError as error:
            raise Refusal(PLAN_INVALID, str(error)) from None
        return await show(request)

    return [web.get(PATH, show, allow_head=False), web.put(PATH, replace)]
