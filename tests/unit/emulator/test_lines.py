import json

from receiver.emulator.lines import encode_line, encode_lines, go_number


def test_a_line_escapes_what_go_escapes_and_nothing_else() -> None:
    line = encode_line({"q": "a&b<c>d", "city": "Zürich", "sep": "\u2028", "quote": '"\\\n'})
    assert (
        line
        == (
            '{"q":"a\\u0026b\\u003cc\\u003ed","city":"Zürich","sep":"\\u2028","quote":"\\"\\\\\\n"}'
        ).encode()
    )


def test_integers_keep_every_digit() -> None:
    assert encode_line({"t": 1_506_702_504_433_000_201}) == b'{"t":1506702504433000201}'


def test_a_whole_float_has_no_fraction() -> None:
    assert encode_line({"a": go_number(2.0), "b": go_number(2.5)}) == b'{"a":2,"b":2.5}'


def test_the_cve_option_disarms_lookups() -> None:
    (line,) = encode_lines([{"agent": "${jndi:ldap://x}"}], cve_2021_44228=True)
    assert json.loads(line) == {"agent": "x{jndi:ldap://x}"}


def test_no_records_are_no_lines() -> None:
    assert encode_lines([]) == []
