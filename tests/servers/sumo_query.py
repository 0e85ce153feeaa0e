"""A small, honest part of Sumo Logic's query language, from its documentation; for `sumo.py`.

The scope: keywords with `*` and `?`, quoted phrases, `_sourceCategory=` and its kin, AND, OR, NOT
and parentheses. After it `| where FIELD matches "glob"` or `/RE2/`. All else is a ParseError.
Sources: "Keyword Search Expressions", "Built-in Metadata", "matches", "where".
"""

import fnmatch
import re
from collections.abc import Callable, Mapping

Fields = Mapping[str, str]  # of one message: names in small letters, `_raw` among them
Test = Callable[[Fields], bool]

_WORD = re.compile(r'\s*(\(|\)|(?:_\w+=)?"(?:[^"\\]|\\.)*"|[^\s()|"]+)')
_WHERE = re.compile(r'where\s+(_?\w+)\s+matches\s+(?:"((?:[^"\\]|\\.)*)"|/((?:[^/\\]|\\.)+)/)')
_TERM = re.compile(r"\w+", re.ASCII)
_METADATA = {"_collector", "_source", "_sourcecategory", "_sourcehost", "_sourcename"}


class ParseError(Exception):
    """What the API answers with `parse.error`."""


def parse_query(query: str) -> Test:
    """Return what tells whether a message is selected."""
    scope, *operators = _split(query)
    tests = [_Scope(scope).parse(), *(_parse_where(each.strip()) for each in operators)]
    return lambda fields: all(test(fields) for test in tests)


def _split(query: str) -> list[str]:
    """Cut at the pipes that stand outside of quotes and regular expressions."""
    parts, quote, part = [], "", ""
    for before, char in zip(" " + query, query, strict=False):
        if quote:
            quote = "" if char == quote and before != "\\" else quote
        elif char == '"' or (char == "/" and part.rstrip().endswith("matches")):
            quote = char
        elif char == "|":
            parts.append(part)
            part = ""
            continue
        part += char
    if quote:
        raise ParseError("an open quote")
    return [*parts, part]


def _parse_where(operator: str) -> Test:
    match = _WHERE.fullmatch(operator)
    if not match:
        raise ParseError(f"unknown operator: {operator}")
    field, glob, pattern = match.group(1).lower(), match.group(2), match.group(3)
    if glob is not None:  # case-sensitive, and `*` is the only wildcard
        pattern = ".*".join(re.escape(each) for each in glob.split("*"))
    try:
        compiled = re.compile(pattern, re.ASCII | (re.DOTALL if glob is not None else 0))
    except re.error as error:
        raise ParseError(f"no regular expression: {error}") from error
    return lambda fields: compiled.fullmatch(fields.get(field, "")) is not None


class _Scope:
    """The expression before the first pipe; NOT binds closer than AND, and AND than OR."""

    def __init__(self, text: str) -> None:
        self._words = _words(text)

    def parse(self) -> Test:
        if not self._words:
            return lambda fields: True
        test = self._either()
        if self._words:
            raise ParseError(f"unexpected {self._words[0]}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next_is("or"):
            tests.append(self._both())
        return lambda fields: any(test(fields) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next_is("and") or (
            self._words and self._words[0] != ")" and self._words[0].lower() != "or"
        ):
            tests.append(self._one())
        return lambda fields: all(test(fields) for test in tests)

    def _one(self) -> Test:
        if self._next_is("not"):
            negated = self._one()
            return lambda fields: not negated(fields)
        if not self._words:
            raise ParseError("the expression ends early")
        word = self._words.pop(0)
        if word == "(":
            test = self._either()
            if not self._next_is(")"):
                raise ParseError("a parenthesis is open")
            return test
        if word == ")":
            raise ParseError("unexpected )")
        name, equals, value = word.partition("=")
        if equals and name.startswith("_"):
            return _metadata(name.lower(), value)
        return _phrase(word)

    def _next_is(self, word: str) -> bool:
        if self._words and self._words[0].lower() == word:
            self._words.pop(0)
            return True
        return False


def _words(text: str) -> list[str]:
    words, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _WORD.match(text, at)
        if not match:
            raise ParseError(f"unexpected {text[at]}")
        words.append(match.group(1))
        at = match.end()
    return words


def _metadata(name: str, value: str) -> Test:
    """Match metadata without regard to case; quotes and wildcards do not go together."""
    if name not in _METADATA:
        raise ParseError(f"unknown field {name}")
    if value.startswith('"'):
        wanted = _unquote(value).lower()
        return lambda fields: fields.get(name, "").lower() == wanted
    return lambda fields: fnmatch.fnmatchcase(fields.get(name, "").lower(), value.lower())


def _phrase(word: str) -> Test:
    """Match terms that stand next to each other; a wildcard is within one term."""
    quoted = word.startswith('"')
    text = (_unquote(word) if quoted else word).lower()
    if text == "*":
        return lambda fields: True
    terms = _TERM.findall(text) if quoted else re.findall(r"[\w*?]+", text, re.ASCII)
    if not terms:
        raise ParseError(f"no keyword: {word}")

    def matches(fields: Fields) -> bool:
        said = _TERM.findall(fields["_raw"].lower())
        return any(
            all(fnmatch.fnmatchcase(got, term) for got, term in zip(said[at:], terms, strict=False))
            for at in range(len(said) - len(terms) + 1)
        )

    return matches


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.partition('"')[2].removesuffix('"'))
