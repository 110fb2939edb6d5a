"""Whether PostgreSQL's COPY and everybody else would read the same rows from a file.

COPY takes a quotation mark anywhere for the beginning of a quotation: two cells with inches in
them (`5" pipe`) would silently swallow all that stands between. Such a file is read by Python.
"""

import re
from dataclasses import dataclass, field

# Longer than any sound cell or line; more than this in one quotation is taken for a stray mark.
PATIENCE = 8 * 1024 * 1024
# The expression remembers every quotation it has passed; slices keep that to a few megabytes.
SLICE = 64 * 1024


class Untidy(Exception):
    """Read this file row by row."""


@dataclass(slots=True)
class Watch:
    """Looks at the parts of a file as they go by; `see` raises `Untidy` at the first oddity."""

    delimiter: str
    _rest: bytes = b"\n"
    _tail: bytes = b""
    _run: int = 0
    _sound: re.Pattern[bytes] = field(init=False)
    _quoted: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        edge = re.escape(self.delimiter).encode() + rb"\r\n"
        quotation = rb'"[^"]*(?:""[^"]*)*"'
        # Unquoted text, then a quotation that fills its cell; as often as it goes. Nothing in here
        # is possessive: early releases of Python 3.11 go wrong over possessive groups.
        self._sound = re.compile(
            rb'(?:[^"]*(?<=[' + edge + rb"])" + quotation + rb"(?=[" + edge + rb"]))*"
        )
        self._quoted = re.compile(quotation + rb'[^"' + edge + rb"]")

    def see(self, part: bytes) -> None:
        for start in range(0, len(part), SLICE):
            self._see(part[start : start + SLICE])

    def _see(self, part: bytes) -> None:
        if b"\0" in part or b"\n\\." in self._tail + part:
            raise Untidy
        self._tail = (self._tail + part)[-2:]
        ended = max(part.rfind(b"\n"), part.rfind(b"\r"))
        self._run = len(part) - ended - 1 + (self._run if ended < 0 else 0)
        if self._run > PATIENCE:
            raise Untidy
        if b'"' not in part and b'"' not in self._rest:
            self._rest = part[-1:] or self._rest
            return
        text = self._rest + part
        sound = self._sound.match(text)
        end = sound.end() if sound else 0
        mark = text.find(b'"', end)
        # One byte before the open quotation is kept: what stands there decides.
        self._rest = text[max(0, (mark if mark >= 0 else len(text)) - 1) :]
        if mark >= 0:
            self._judge(text, mark)

    def _judge(self, text: bytes, mark: int) -> None:
        """The quotation at `mark` is unfinished so far, or it does not fill its cell."""
        before = text[mark - 1 : mark]
        begins = before in (self.delimiter.encode(), b"\r", b"\n")
        if not begins or self._quoted.match(text, mark) or len(self._rest) > PATIENCE:
            raise Untidy
