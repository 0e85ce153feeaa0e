import pytest

from receiver.emulator.template import parse_template
from receiver.errors import OptionsInvalid

VALUES = {"ClientIP": b'"192.0.2.1"', "Status": b"200"}


def render(text: str) -> str:
    return parse_template(text).render(VALUES).decode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"ip":{{.ClientIP}},"s":{{ .Status }}', '"ip":"192.0.2.1","s":200'),
        ("{{.Bots}}", "null"),
        ('{{"a\\tb\\"c"}}', 'a\tb"c'),
        ("a{{`{{`}}b{{`}}`}}c{{``}}", "a{{b}}c"),
        ("a{{/* nothing\n of {{.it}} */}}b", "ab"),
        ("} } { {", "} } { {"),
        ("", ""),
    ],
)
def test_fields_constants_and_comments_are_all_there_is(text: str, told: str) -> None:
    assert render(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "{{if .A}}x{{end}}",
        "{{.A.B}}",
        "{{.A | len}}",
        "{{A}}",
        "{{",
        "{{ .A",
        '{{"\\x41"}}',
        "{{}}",
    ],
)
def test_anything_else_of_go_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(OptionsInvalid, match="`record_template` has "):
        parse_template(f"ok {{{{.B}}}} {text}")
