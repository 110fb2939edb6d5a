"""Everything that may go wrong on purpose, as RFC 9457 problems."""

from collections.abc import Iterator
from typing import Any, ClassVar, NotRequired, TypedDict


class Fault(TypedDict):
    """One thing wrong with a request: where, a stable code, and a sentence."""

    pointer: NotRequired[str]
    parameter: NotRequired[str]
    code: str
    detail: str


class Problem(Exception):
    """Raise one anywhere; the app turns it into its response.

    `title` is for people and follows their language; `code` never changes.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    titel: ClassVar[str]  # the title in German
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str, *, faults: list[Fault] | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.extra = extra
        self.more_headers: dict[str, str] = {}

    def body(self, language: str = "en") -> dict[str, Any]:
        head: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.titel if language == "de" else self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.faults is not None:
            head["errors"] = self.faults
        return head | self.extra


class MalformedBody(Problem):
    status, code = 400, "malformed-body"
    title, titel = "The body cannot be read", "Der Inhalt ist nicht lesbar"


class IdempotencyKeyInvalid(Problem):
    status, code = 400, "idempotency-key-invalid"
    title, titel = "This is no idempotency key", "Das ist kein Idempotenzschlüssel"


class Unauthenticated(Problem):
    status, code = 401, "unauthenticated"
    title, titel = "Send a valid API key", "Gültiger API-Schlüssel nötig"
    headers: ClassVar = {"WWW-Authenticate": 'Bearer realm="backcast"'}


class KeyRevoked(Problem):
    status, code = 401, "key-revoked"
    title, titel = "This API key is no longer valid", "Dieser API-Schlüssel gilt nicht mehr"
    headers: ClassVar = {"WWW-Authenticate": 'Bearer realm="backcast", error="invalid_token"'}


class IdentityUnavailable(Problem):
    status, code = 503, "identity-unavailable"
    title, titel = "Tokens cannot be checked", "Token sind gerade nicht prüfbar"
    headers: ClassVar = {"Retry-After": "10"}


class InsufficientScope(Problem):
    status, code = 403, "insufficient-scope"
    title, titel = "This key may not do that", "Dieser Schlüssel darf das nicht"


class RoleForbids(Problem):
    status, code = 403, "role-forbids"
    title, titel = "Your role is not shown that", "Das ist für diese Rolle nicht sichtbar"


class OriginNotAllowed(Problem):
    status, code = 403, "origin-not-allowed"
    title, titel = "This web page may not ask here", "Diese Webseite darf hier nicht fragen"


class NotFound(Problem):
    status, code = 404, "not-found"
    title, titel = "There is no such thing here", "Das gibt es hier nicht"
    # Also where there is something for others: nobody hears the difference.
    NOWHERE = "Nothing is at this address: the API, under /v1, is described at /docs."


class MethodNotAllowed(Problem):
    status, code = 405, "method-not-allowed"
    title, titel = "This address does not do that", "Diese Adresse kann das nicht"


class Conflict(Problem):
    status, code = 409, "conflict"
    title, titel = "That does not fit what is here", "Das passt nicht zum Bestand"


class KeyTaken(Conflict):
    code = "key-taken"
    title, titel = "This key is taken", "Dieser Schlüssel ist vergeben"


class ExternalIdTaken(Conflict):
    code = "external-id-taken"
    title, titel = "This external id is taken", "Diese externe Kennung ist vergeben"


class InUse(Conflict):
    code = "in-use"
    title, titel = "Something still refers to it", "Darauf wird noch verwiesen"


class MilestoneOrder(Conflict):
    code = "milestone-order"
    title, titel = "The milestones do not allow that", "Die Meilensteine lassen das nicht zu"


class OpportunityClosed(Conflict):
    code = "opportunity-closed"
    title, titel = "The opportunity is closed", "Die Geschäftsmöglichkeit ist geschlossen"


class IdempotencyInFlight(Conflict):
    code = "idempotency-in-flight"
    title, titel = "The first of these requests still runs", "Die erste Anfrage läuft noch"
    headers: ClassVar = {"Retry-After": "1"}


class SecretNotKept(Conflict):
    code = "secret-not-kept"
    title, titel = "The secret was shown once", "Das Geheimnis wurde einmal gezeigt"


class ImportState(Conflict):
    code = "import-state"
    title, titel = "The import is past that", "Der Import ist darüber hinaus"


class CursorExpired(Problem):
    status, code = 410, "cursor-expired"
    title, titel = "What comes after this was forgotten", "Was danach kam, ist vergessen"


class PreconditionFailed(Problem):
    status, code = 412, "precondition-failed"
    title, titel = "It has changed since you read it", "Es wurde inzwischen geändert"


class BodyTooLarge(Problem):
    status, code = 413, "body-too-large"
    title, titel = "The body is too large", "Der Inhalt ist zu groß"


class UnsupportedMediaType(Problem):
    status, code = 415, "unsupported-media-type"
    title, titel = "This content type is not understood", "Unbekannter Inhaltstyp"


class Invalid(Problem):
    status, code = 422, "validation-failed"
    title, titel = "The request does not add up", "Die Anfrage stimmt nicht"

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """One fault in the body, by JSON pointer (`/value/currency`)."""
        return cls(detail, faults=[{"pointer": pointer, "code": code, "detail": detail}])

    @classmethod
    def parameter(cls, name: str, code: str, detail: str) -> "Invalid":
        return cls(detail, faults=[{"parameter": name, "code": code, "detail": detail}])


class IdempotencyKeyReused(Invalid):
    code = "idempotency-key-reused"
    title, titel = "This key belongs to another request", "Der Schlüssel gehört zu anderem"


class UnknownParameter(Invalid):
    code = "unknown-parameter"
    title, titel = "Unknown parameter", "Unbekannter Parameter"


class InvalidCursor(Invalid):
    code = "invalid-cursor"
    title, titel = "This cursor does not fit this list", "Dieser Zeiger passt nicht zur Liste"


class ColumnMissing(Invalid):
    code = "column-missing"
    title, titel = "The file lacks a column", "In der Datei fehlt eine Spalte"


class FileUnreadable(Invalid):
    code = "file-unreadable"
    title, titel = "The file cannot be read", "Die Datei ist nicht lesbar"


class EncodingWrong(FileUnreadable):
    code = "encoding"
    title, titel = "The file is in another encoding", "Die Datei ist anders kodiert"


class EvidenceRequired(Invalid):
    code = "evidence-required"
    title, titel = "This milestone needs evidence", "Dieser Meilenstein braucht einen Beleg"


class NotWritable(Invalid):
    code = "not-writable"
    title, titel = "This field cannot be written", "Dieses Feld ist nicht schreibbar"


class PreconditionRequired(Problem):
    status, code = 428, "precondition-required"
    title, titel = "Say which version you are changing", "Angabe der Version fehlt"


class QuotaExceeded(Problem):
    status, code = 429, "quota-exceeded"
    title, titel = "That is too much in a short time", "Das ist zu viel in kurzer Zeit"
    headers: ClassVar = {"Retry-After": "60"}


class TooManyStreams(Problem):
    status, code = 429, "too-many-streams"
    title, titel = "Too many streams are open", "Zu viele offene Ströme"
    headers: ClassVar = {"Retry-After": "10"}


class Internal(Problem):
    status, code = 500, "internal"
    title, titel = "Something broke on our side", "Bei uns ist etwas kaputt"


class DatabaseUnavailable(Problem):
    status, code = 503, "database-unavailable"
    title, titel = "The database is away", "Die Datenbank ist nicht erreichbar"
    headers: ClassVar = {"Retry-After": "2"}


class OutcomeUnknown(Problem):
    status, code = 503, "outcome-unknown"
    title, titel = "Nobody knows whether it was stored", "Ob es gespeichert wurde, ist offen"
    headers: ClassVar = {"Retry-After": "2"}


class QueryTimeout(Problem):
    status, code = 503, "query-timeout"
    title, titel = "The question took too long", "Die Frage hat zu lange gedauert"
    headers: ClassVar = {"Retry-After": "5"}


class BeingLearnt(Problem):
    status, code = 503, "being-learnt"
    title, titel = "The past is still being read", "Die Vergangenheit wird noch gelesen"
    headers: ClassVar = {"Retry-After": "60"}


class LockTimeout(Conflict):
    code = "locked"
    title, titel = "Somebody else is changing it", "Es wird gerade geändert"
    headers: ClassVar = {"Retry-After": "1"}


class StorageFull(Problem):
    status, code = 507, "storage-full"
    title, titel = "The database is full", "Die Datenbank ist voll"


class Unready(Problem):
    status, code = 503, "not-ready"
    title, titel = "Not ready", "Nicht bereit"
    headers: ClassVar = {"Retry-After": "2"}


def catalogue(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem this service may answer with."""
    for each in kind.__subclasses__():
        yield each
        yield from catalogue(each)
