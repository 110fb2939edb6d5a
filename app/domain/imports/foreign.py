"""Files that cannot be read, by how they begin: what they are, and the way out."""

from app.core.errors import EncodingWrong, FileUnreadable

TEXT = "send the table as CSV (UTF-8) or as a workbook (.xlsx)"
BEGINNINGS = {
    b"\xd0\xcf\x11\xe0": "a workbook of the old kind (.xls), or one with a password;"
    " save it as .xlsx without a password, or as CSV",
    b"\x1f\x8b": "compressed (gzip); unpack it first",
    b"BZh": "compressed (bzip2); unpack it first",
    b"\xfd7zXZ": "compressed (xz); unpack it first",
    b"7z\xbc\xaf": "compressed (7z); unpack it first",
    b"%PDF": f"a PDF; {TEXT}",
    b"[": "a list of JSON; send one object in each line, without brackets and commas around them",
}
# Some systems give pages of this kind the name of a workbook.
MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")


def refuse(head: bytes) -> None:
    """`FileUnreadable` for what is no table of text."""
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for beginning, said in BEGINNINGS.items():
        if begins.startswith(beginning) and (beginning != b"[" or _is_json(begins)):
            raise FileUnreadable(f"The file is {said}.")
    if begins[:16].lower().startswith(MARKUP):
        raise FileUnreadable(f"The file is a page of HTML or XML; {TEXT}.")
    if head[1:2] == b"\0" or head[:1] == b"\0":
        raise EncodingWrong("The file is UTF-16, or no text at all; save it as UTF-8.")


def _is_json(begins: bytes) -> bool:
    """A header may begin with a bracket as well."""
    return begins[1:].lstrip()[:1] in (b"{", b"]")
