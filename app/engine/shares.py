"""One amount divided in two ways at once, so that the parts add up both ways to the last unit."""

from collections.abc import Sequence

Table = tuple[tuple[int, ...], ...]


def table(rows: Sequence[int], columns: Sequence[int]) -> Table:
    """Whole parts in proportion to both, with exactly these sums of rows and of columns.

    An order of two lines, shared 50 : 50: every line and every person gets what it has to get.
    Parts are rounded down; what is left over fills rows and columns in their order.
    `ValueError` when an amount is negative or the two do not have the same sum.

    >>> table([101, 50], [76, 75])
    ((51, 50), (25, 25))
    >>> table([0, 0], [0])
    ((0,), (0,))
    """
    whole = sum(rows)
    if whole != sum(columns) or min([0, *rows, *columns]) < 0:
        raise ValueError("rows and columns must not be negative and must have the same sum")
    parts = [[row * column // whole if whole else 0 for column in columns] for row in rows]
    missing = [
        column - sum(each) for column, each in zip(columns, zip(*parts, strict=True), strict=True)
    ]
    for row, each in zip(rows, parts, strict=True):
        _fill(each, row - sum(each), missing)
    return tuple(tuple(each) for each in parts)


def _fill(parts: list[int], left_over: int, missing: list[int]) -> None:
    """Give what a row still has to get to the columns that still miss something."""
    for place, wanted in enumerate(missing):
        given = min(left_over, wanted)
        parts[place] += given
        missing[place] -= given
        left_over -= given
