"""The directory finds the same route that would be found by asking all of them in turn."""

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match

from app.api.directory import Directory


def asked(method, path):
    return {"type": "http", "method": method, "path": path, "root_path": ""}


def by_turns(app, scope):
    """What answers when every route is asked, the directory not among them."""
    for context in iter_route_contexts(app.router.routes[1:]):
        if isinstance(context.original_route, APIRoute):
            match, _ = context.matches(dict(scope))
            if match is Match.FULL:
                return context.original_route
    return None


def test_every_address_leads_to_the_route_it_led_to_without_the_directory(app):
    directory = app.router.routes[0]
    assert isinstance(directory, Directory)
    found = 0
    for context in iter_route_contexts(app.router.routes[1:]):
        if not isinstance(context.original_route, APIRoute):
            continue
        for method in context.methods:
            scope = asked(method, context.path_format.replace("{", "").replace("}", ""))
            match, more = directory.matches(scope)
            if match is Match.FULL:
                found += 1
                assert more["route"] is by_turns(app, scope)
    assert found > 100


def test_what_is_not_there_is_left_to_the_others(app):
    directory = app.router.routes[0]
    for method, path in (("GET", "/"), ("PUT", "/v1/lights"), ("GET", "/v1/none"), ("GET", "x")):
        assert directory.matches(asked(method, path))[0] is Match.NONE
