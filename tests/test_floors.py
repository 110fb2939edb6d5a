"""The house has floors. Each may use those below it, and only the libraries named here."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# Estimates are made of many numbers and are never exact; everything else in the engine is.
ESTIMATES = ("flow", "forecast", "decay", "leaks", "worlds", "worlds_claims")
NUMBERS = {"engine.flow": {"numpy"}, "engine.forecast": {"numpy"}}
FLOORS = {  # from the ground up: floor -> third-party libraries it may import
    "engine": set(),
    "tables": {"sqlalchemy"},
    # asyncpg: the driver itself, for the busiest doors (`lane`). limits: counting what callers ask
    # for, here or in a Redis that several servers share. joserfc, httpx2: tokens of an issuer.
    # httpx2, standardwebhooks: others are told by calling them, in `outbound` and `signing`.
    # prometheus_client: where somebody looks.
    # python_calamine: workbooks, read by a process of its own (`sheets`).
    "core": {
        "sqlalchemy",
        "asyncpg",
        "pydantic",
        "pydantic_settings",
        "limits",
        "joserfc",
        "httpx2",
        "prometheus_client",
        "standardwebhooks",
        "python_calamine",
    },
    "schemas": {"pydantic", "pydantic_core"},
    # xlsxwriter: what people mark by hand, as a workbook.
    "domain": {"sqlalchemy", "holidays", "xlsxwriter"},
    "api": {"fastapi", "pydantic_core", "sqlalchemy", "starlette"},
    "migrate": {"alembic", "sqlalchemy"},
    "boot": {"sqlalchemy"},
    "worker": {"sqlalchemy"},
    "tracing": {"asyncpg", "opentelemetry", "sqlalchemy", "starlette"},
    "main": {"fastapi"},
    "cli": {"fastapi", "typer", "rich", "httpx2", "uvicorn", "sqlalchemy", "pydantic"},
}
HEIGHT = {floor: height for height, floor in enumerate(FLOORS)}
ROOT = Path(__file__).parents[1]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "app").rglob("*.py")
}
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40
FUNCTION, IMPORT = ast.FunctionDef | ast.AsyncFunctionDef, ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Read:
    """What is to be known of a module; its tree is large, and not kept."""

    lines: int
    imports: tuple[str, ...]
    imports_inside: bool
    long_functions: tuple[str, ...]
    names: frozenset[str]
    attributes: frozenset[str]


@cache
def read(module: str) -> Read:
    text = SOURCES[module].read_text()
    nodes = list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, FUNCTION)]
    return Read(
        len(text.splitlines()),
        tuple(imports(nodes)),
        any(isinstance(n, IMPORT) for function in functions for n in ast.walk(function)),
        tuple(f.name for f in functions if f.end_lineno - f.lineno >= MOST_LINES_OF_A_FUNCTION),
        frozenset(node.id for node in nodes if isinstance(node, ast.Name)),
        frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
    )


def imports(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in SOURCES else node.module for name in whole)


def allowed(module: str) -> set[str]:
    return FLOORS[floor(module)] | NUMBERS.get(".".join(module.split(".")[1:3]), set())


def floor(module: str) -> str:
    return module.split(".")[1] if "." in module else "engine"


@pytest.mark.parametrize("module", SOURCES)
def test_every_import_points_down(module):
    for name in read(module).imports:
        library = name.split(".")[0]
        if library == "app":
            assert HEIGHT[floor(name)] <= HEIGHT[floor(module)], f"{module} -> {name}"
        elif library not in sys.stdlib_module_names:
            assert library in allowed(module), f"{module} -> {name}"


def test_no_circles():
    graph = {m: {each for each in read(m).imports if each in SOURCES} - {m} for m in SOURCES}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", [module for module in SOURCES if floor(module) != "cli"])
def test_imports_stand_at_the_top(module):
    # The command line imports what a command needs when it runs, so that it starts fast.
    assert not read(module).imports_inside


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_fits_a_sitting_and_a_function_a_screen(module):
    assert read(module).lines <= MOST_LINES
    assert not read(module).long_functions


@pytest.mark.parametrize("module", [module for module in SOURCES if floor(module) == "engine"])
def test_the_engine_has_no_clock_and_no_floats(module):
    assert not read(module).attributes & {"now", "utcnow", "today"}
    assert "float" not in read(module).names or module.split(".")[2] in ESTIMATES
