"""What the local API takes for `logpull_options`, `output_options` and `filter`.

Their form is read as everywhere in this program; here is what the API refuses besides. Texts of
such refusals are not documented: all are ours.
"""

from collections.abc import Mapping
from typing import Final

from receiver.emulator.filter import parse_filter
from receiver.emulator.template import parse_template
from receiver.errors import OptionsInvalid
from receiver.job.catalogue import Dataset
from receiver.job.expectation import TimestampFormat
from receiver.job.options import Options, parse_logpull_options, parse_output_options

OPTIONS_CHARS_MAX: Final = 4096
"""A longer `logpull_options` is refused: the API's own maxLength."""

LOGPULL_SAMPLE_MIN: Final = 0.001
_NAMES_SHOWN: Final = 5  # of unknown fields, and so much of each: an error is a sentence
_NAME_CHARS_SHOWN: Final = 80
_LOGPULL_TIMESTAMPS: Final = frozenset(
    {TimestampFormat.UNIXNANO, TimestampFormat.UNIX, TimestampFormat.RFC3339}
)


def judge_logpull_options(text: str | None, known: Dataset) -> None:
    """Refuse what no job of the Dataset can ask for; None and "" are all defaults.

    Raises:
        OptionsInvalid: names the option and the remedy.
    """
    if text is not None and len(text) > OPTIONS_CHARS_MAX:
        raise OptionsInvalid(f"logpull_options: longer than {OPTIONS_CHARS_MAX} characters")
    options = parse_logpull_options(text)
    sample, timestamps = options.sample.value, options.timestamps.value
    if sample < LOGPULL_SAMPLE_MIN:
        raise OptionsInvalid(
            f"logpull_options: `sample` is {sample:g}: from {LOGPULL_SAMPLE_MIN} to 1.0"
        )
    if timestamps not in _LOGPULL_TIMESTAMPS:
        raise OptionsInvalid(
            f"logpull_options: `timestamps` is {timestamps}: unixnano, unix or rfc3339;"
            " output_options take it as `timestamp_format`"
        )
    _judge_fields("logpull_options", options, known)


def judge_output_options(output: Mapping[str, object], known: Dataset) -> None:
    """Refuse what no job of the Dataset can ask for, or the pusher could not follow.

    Raises:
        OptionsInvalid: names the option and the remedy.
    """
    nested = [name for name, value in output.items() if _nests(value)]
    if nested:  # even under a name that nobody knows: very deep JSON cannot be written out again
        name = nested[0][:_NAME_CHARS_SHOWN]
        raise OptionsInvalid(f"output_options: `{name}` is nested; no option is more than a list")
    _judge_fields("output_options", parse_output_options(output), known)
    template = output.get("record_template")
    if isinstance(template, str):
        try:
            parse_template(template)
        except OptionsInvalid as error:
            raise OptionsInvalid(f"output_options: {error}") from None


def judge_filter(text: str, known: Dataset) -> None:
    """Refuse a filter that the pusher could not follow; "" is none.

    Raises:
        JobInvalid: says what is wrong with it.
    """
    if text:
        parse_filter(text, known)


def _nests(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(each, dict | list) for each in value)
    )


def _judge_fields(where: str, options: Options, known: Dataset) -> None:
    """A field once documented is taken: old jobs have it, and so have old tutorials."""
    unknown = [name for name in options.fields.value or () if known.type_of(name) is None]
    if unknown:
        names = ", ".join(name[:_NAME_CHARS_SHOWN] for name in unknown[:_NAMES_SHOWN])
        raise OptionsInvalid(f"{where}: {known.name} has no field {names}")
