"""Views drawn as HTML: every text is escaped, and none of it is code."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from receiver import __version__
from receiver.daemon.status import words
from receiver.daemon.status.charts import batches_chart, lateness_chart, records_chart
from receiver.daemon.status.findings import meaning_of
from receiver.daemon.status.job_page import Span
from receiver.daemon.status.troubles import headline, job_words
from receiver.daemon.status.views import BatchPage, JobPage, Overview, Parked
from receiver.report.phrase import counted, size

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("receiver.daemon.status"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    finalize=words.finalized,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    bytes=size,
    duration=words.duration,
    file_name=words.file_name,
    foreign=words.foreign,
    bucket_span=words.bucket_span,
    window=words.window,
)
_ENVIRONMENT.globals.update(
    batches_chart=batches_chart,
    counted=counted,
    job_words=job_words,
    meaning_of=meaning_of,
    version=__version__,
)
for _name in _ENVIRONMENT.list_templates():
    _ENVIRONMENT.get_template(_name)  # compiled now, not while somebody waits


def overview_page(page: Overview) -> bytes:
    """Draw the first page."""
    said = headline(page.troubles, batches=page.totals.batches)
    level = page.troubles[0].level if page.troubles else None
    began = [each.since for each in page.troubles if each.level is level and each.since]
    first = min(began, default=None)
    return _draw("overview.html", now=page.at, page=page, headline=said, first=first, path="/")


def job_page(page: JobPage) -> bytes:
    """Draw a job's page."""
    charts = (
        batches_chart(page.buckets),
        records_chart(page.buckets),
        lateness_chart(page.buckets),
    )
    return _draw(
        "job.html", now=page.at, page=page, charts=charts, spans=tuple(Span), path=page.job.path
    )


def batch_page(page: BatchPage) -> bytes:
    """Draw a batch's page."""
    return _draw("batch.html", now=page.at, page=page, path=f"/batches/{page.id}")


def parked_page(page: Parked) -> bytes:
    """Draw what is parked."""
    return _draw("parked.html", now=page.at, page=page, path="/parked")


def problem_page(*, title: str, said: str, now: datetime) -> bytes:
    """Draw why there is no page."""
    return _draw("problem.html", now=now, title=title, said=said, path="")


def _draw(template: str, *, now: datetime, **given: Any) -> bytes:
    text = _ENVIRONMENT.get_template(template).render(
        now=now, ago=_timed(words.ago, now), moment=_timed(words.moment, now), **given
    )
    return text.encode(errors="backslashreplace")


def _timed(write: Callable[[datetime, datetime], str], now: datetime) -> Callable[..., str]:
    """Return what writes a time as an element that has it exactly, too."""
    return partial(_time, write, now)


def _time(write: Callable[[datetime, datetime], str], now: datetime, at: datetime | None) -> str:
    if at is None:
        return Markup('<span class="none">never</span>')
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        words.machine(at), words.exact(at), write(at, now)
    )
