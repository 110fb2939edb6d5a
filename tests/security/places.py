"""Where a request can name something: parts of its address, parameters, leaves of its body."""

from collections.abc import Iterator, Sequence
from typing import Any

Place = tuple[Any, ...]

# What the words of the contract name. A word that is not here fails the proof, with this list
# named as the place to add it.
TABLES = {
    "actor": ("api_keys", "people"),
    "account": ("accounts",),
    "account_id": ("accounts",),
    "below": ("accounts", "teams"),
    "corrects_id": ("source_costs",),
    "endpoint": ("webhook_endpoints",),
    "event": ("events",),
    "ids": ("accounts",),
    "into": ("opportunities",),
    "keep": ("accounts",),
    "merge": ("accounts",),
    "milestone_id": ("milestones",),
    "object": ("opportunities", "accounts"),
    "opportunity": ("opportunities",),
    "opportunity_id": ("opportunities",),
    "owner": ("people",),
    "owner_id": ("people",),
    "parent": ("accounts", "teams", "targets"),
    "parent_id": ("accounts", "teams", "targets"),
    "person_id": ("people",),
    "process": ("processes",),
    "process_id": ("processes",),
    "product": ("products",),
    "product_id": ("products",),
    "product_ids": ("products",),
    "target": ("targets",),
    "team": ("teams",),
    "team_id": ("teams",),
}
OPERATORS = ("eq", "in")  # of a condition, which is named as a whole
SCOPES = (("people", "owner"), ("teams", "team"))
# Nouns of addresses whose table has another name.
NOUNS = {"imports": "import_jobs", "events": "events", "periods": "targets"}


def leaves(path: str, asked: dict[str, Any] | None, body: Any) -> dict[Place, Any]:
    found: dict[Place, Any] = {("path", n): part for n, part in enumerate(path.split("/")) if part}
    found |= {("query", name): value for name, value in (asked or {}).items()}
    if not isinstance(body, bytes):
        found |= dict(_leaves(body, ("body",)))
    return found


def _leaves(node: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            yield from _leaves(value, (*place, key))
    elif node is not None:
        yield place, node


def put(node: Any, keys: Sequence[Any], value: Any) -> Any:
    if not keys:
        return value
    node[keys[0]] = put(node[keys[0]] if len(keys) > 1 else None, keys[1:], value)
    return node


def named(
    template: str,
    path: str,
    node: dict[str, Any],
    body: Any,
    things: dict[str, str],
    contract: dict[str, Any],
) -> Iterator[tuple[Place, Any]]:
    """Everything that the contract lets this request name, whether or not the walk does."""
    yield from _in_path(template, path, things)
    for each in node.get("parameters", ()):
        if each.get("in") == "query":
            schema = _resolved(each["schema"], contract)
            for value in _values(each["name"], schema, things, contract):
                yield ("query", each["name"]), value
    content = node.get("requestBody", {}).get("content", {})
    if "application/json" in content and not isinstance(body, bytes):
        yield from _in_body(
            content["application/json"]["schema"], body, ("body",), things, contract
        )


def _in_path(template: str, path: str, things: dict[str, str]) -> Iterator[tuple[Place, Any]]:
    words, parts = template.split("/"), path.split("/")
    for n, word in enumerate(words):
        if not word.endswith("id}") or word == "{external_id}":
            continue
        noun = word.strip("{}").removesuffix("_id") + "s" if word != "{id}" else words[n - 1]
        table = NOUNS.get(noun, noun)
        if table in things and parts[n] != things[table]:
            yield ("path", n), things[table]


def _in_body(
    schema: dict[str, Any], body: Any, place: Place, things: dict[str, str], contract: Any
) -> Iterator[tuple[Place, Any]]:
    for one in _choices(schema, contract):
        if isinstance(body, list) and body and "items" in one:
            yield from _in_body(one["items"], body[0], (*place, 0), things, contract)
        if not isinstance(body, dict):
            continue
        for name, node in one.get("properties", {}).items():
            for value in _values(name, _resolved(node, contract), things, contract):
                yield (*place, name), value
            if isinstance(body.get(name), dict | list):
                yield from _in_body(node, body[name], (*place, name), things, contract)


def _values(
    name: str, schema: dict[str, Any], things: dict[str, str], contract: Any
) -> Iterator[Any]:
    if name == "scope" and not schema.get("enum"):
        yield from (f"{word}:{things[table]}" for table, word in SCOPES)
        return
    known = TABLES.get(name, ())
    if not known and _is_id(schema, contract) and name not in OPERATORS:
        raise AssertionError(f"say in {__name__}.TABLES which of the tables `{name}` names")
    kinds = {kind for each in _choices(schema, contract) for kind in _kinds(each)}
    for table in known:
        if "eq" in schema.get("properties", {}):
            yield {"eq": things[table]}
        elif "array" in kinds:
            yield [things[table]]
        elif "string" in kinds:
            yield things[table]


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _is_id(schema: dict[str, Any], contract: Any) -> bool:
    schema = _resolved(schema, contract)
    if schema.get("format") == "uuid":
        return True
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    return any(_is_id(each, contract) for each in inner)


def _choices(schema: dict[str, Any], contract: Any) -> Iterator[dict[str, Any]]:
    schema = _resolved(schema, contract)
    yield schema
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _choices(each, contract)


def _resolved(schema: dict[str, Any], contract: Any) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: dict[str, Any] = contract["components"]["schemas"][name]
        return found
    return schema
