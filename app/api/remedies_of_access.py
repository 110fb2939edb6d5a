"""What the problems of keys, tokens and roles mean, and what to do about them, by their code."""

Sentences = tuple[str, str]  # what it means, what to do

OF_ACCESS: dict[str, dict[str, Sentences]] = {
    "unauthenticated": {
        "en": (
            "The request carries no API key and no token, or one that is not known here.",
            "Send `Authorization: Bearer bc_…` with a key made by `backcast key create`, or a token"
            " of the issuer this installation trusts.",
        ),
        "de": (
            "Die Anfrage trägt weder einen hier bekannten API-Schlüssel noch ein gültiges Token.",
            "`Authorization: Bearer bc_…` senden, mit einem Schlüssel aus `backcast key create`,"
            " oder ein Token des Ausstellers, dem diese Installation traut.",
        ),
    },
    "key-revoked": {
        "en": ("The API key was revoked or has expired.", "Ask for a new key and use that one."),
        "de": (
            "Der API-Schlüssel wurde gesperrt oder ist abgelaufen.",
            "Einen neuen Schlüssel geben lassen und diesen verwenden.",
        ),
    },
    "insufficient-scope": {
        "en": (
            "The key is valid, but lacks the scope this operation needs; `scope` names it.",
            "Use a key with that scope. `GET /v1/me` shows what a key may do.",
        ),
        "de": (
            "Der Schlüssel gilt, doch ihm fehlt der nötige Umfang; `scope` nennt ihn.",
            "Einen Schlüssel mit diesem Umfang verwenden. `GET /v1/me` zeigt, was einer darf.",
        ),
    },
    "role-forbids": {
        "en": (
            "Whoever asks has a role that is not shown this: it is about others, or too wide.",
            "Ask for your own numbers (`scope=owner:<your id>`, `owner=<your id>`), or an admin.",
        ),
        "de": (
            "Die Rolle der Anfrage sieht das nicht: Es betrifft andere oder ist zu weit gefasst.",
            "Nach eigenen Zahlen fragen (`scope=owner:<eigene Id>`, `owner=<eigene Id>`) oder eine"
            " Person mit der Rolle admin bitten.",
        ),
    },
    "identity-unavailable": {
        "en": (
            "The keys of the issuer of tokens cannot be fetched, and none are at hand.",
            "Wait as long as Retry-After says and send it again; keys (`bc_…`) work meanwhile.",
        ),
        "de": (
            "Die Schlüssel des Ausstellers der Token sind nicht abrufbar, und keine sind da.",
            "So lange warten, wie Retry-After sagt, und wiederholen; Schlüssel (`bc_…`) gelten"
            " weiterhin.",
        ),
    },
    "origin-not-allowed": {
        "en": (
            "A browser sent the request for a web page whose origin the workspace does not allow.",
            "Add the origin to `allowed_origins` with `PATCH /v1/workspace`.",
        ),
        "de": (
            "Ein Browser fragt für eine Webseite, deren Herkunft der Bereich nicht erlaubt.",
            "Die Herkunft mit `PATCH /v1/workspace` in `allowed_origins` aufnehmen.",
        ),
    },
}
