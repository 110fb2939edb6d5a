"""Every operation, also one to come, is closed to strangers and to keys without its scope."""

from uuid import UUID

from app.domain.access import Scope

ID = str(UUID(int=7))


def addressed(path):
    """
    >>> addressed("/v1/targets/{id}/periods/{period}")
    '/v1/targets/00000000-0000-0000-0000-000000000007/periods/00000000-0000-0000-0000-000000000007'
    """
    return "/".join(ID if part.startswith("{") else part for part in path.split("/"))


async def test_a_stranger_is_turned_away_everywhere(operations, stranger):
    for method, path, operation in operations:
        if operation["security"]:
            response = await stranger.request(method, addressed(path))
            assert response.status_code == 401, (method, path)
            assert response.json()["code"] == "unauthenticated"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_key_needs_the_scope_the_document_names(operations, limited):
    clients = {scope.value: await limited(*(set(Scope) - {scope})) for scope in Scope}
    for method, path, operation in operations:
        if scope := operation.get("x-required-scope"):
            response = await clients[scope].request(method, addressed(path))
            assert response.status_code == 403, (method, path)
            assert response.json()["code"] == "insufficient-scope"
            assert response.json()["scope"] == scope


async def test_nothing_answers_to_an_id_that_is_not_there(operations, client):
    """No body and no If-Match: refused for that, or because there is no such thing; never a 5xx."""
    for method, path, operation in operations:
        if operation["security"] and "{" in path:
            response = await client.request(method, addressed(path))
            assert response.status_code in (400, 404, 422, 428), (method, path, response.text)
            assert response.headers["Content-Type"] == "application/problem+json"
            assert str(response.status_code) in operation["responses"], (method, path)
