"""Writes docs/reference.md from the contract: `uv run python -m tests.contract.reference_page`."""

from pathlib import Path

from app.main import document

FILE = Path(__file__).parents[2] / "docs" / "reference.md"
HEAD = """\
# Every operation
An index: what can be asked for and done, and the scope a key needs for it. A running server shows
all of it at `/docs`, with parameters, answers, problems and examples;
[openapi.json](../openapi/openapi.json) is the same for programs.

`any key` needs a key with any scope, `nobody` needs none. The last column names the headers that a
change takes.

This page is written by `uv run python -m tests.contract.reference_page`.
"""
TAKEN = {"IfMatch": "`If-Match`", "IdempotencyKey": "`Idempotency-Key`"}


def page(contract) -> str:
    return HEAD + "".join(_section(contract, tag) for tag in contract["tags"])


def _section(contract, tag):
    rows = "".join(
        _row(method, path, node)
        for path, methods in contract["paths"].items()
        for method, node in methods.items()
        if node["tags"] == [tag["name"]]
    )
    head = "| operation | | scope | headers |\n| --- | --- | --- | --- |\n"
    return f"\n## {tag['name'].capitalize()}\n{tag['description']}\n\n{head}{rows}"


def _row(method, path, node):
    scope = f"`{node['x-required-scope']}`" if "x-required-scope" in node else _anybody(node)
    taken = {each.get("$ref", "").rpartition("/")[2] for each in node.get("parameters", ())}
    headers = "<br>".join(header for name, header in TAKEN.items() if name in taken)
    asked = f"`{method.upper()} {path}`<br>`{node['operationId']}`"
    return f"| {asked} | {node['summary']} | {scope} | {headers} |\n"


def _anybody(node):
    return "any key" if node["security"] else "nobody"


if __name__ == "__main__":
    FILE.write_text(page(document()), encoding="utf-8")
