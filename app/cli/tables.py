"""Tables for the terminal, in plain text that survives a pipe."""

from collections.abc import Sequence

GAP = "  "


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Columns as wide as their widest cell; those in `numbers` (from 0) stand to the right.

    >>> print(table(["who", "how many"], [["a", "7"], ["bcde", "12"]], numbers=[1]))
    who   how many
    a            7
    bcde        12
    """
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return GAP.join(padded).rstrip()

    return "\n".join(line(cells) for cells in (heads, *rows))
