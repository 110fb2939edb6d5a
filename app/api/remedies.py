"""What every problem means and what to do about it, in English and German, by its code."""

from app.api.remedies_of_access import OF_ACCESS, Sentences

REMEDIES: dict[str, dict[str, Sentences]] = {
    **OF_ACCESS,
    "malformed-body": {
        "en": ("The body is not valid JSON.", "Send UTF-8 JSON; check quotes, commas and braces."),
        "de": (
            "Der Inhalt ist kein gültiges JSON.",
            "UTF-8-JSON senden; Anführungszeichen, Kommas und Klammern prüfen.",
        ),
    },
    "idempotency-key-invalid": {
        "en": (
            "The header Idempotency-Key is empty, too long, sent twice, or not printable ASCII.",
            "Send one key of 1 to 255 characters; a random UUID for every new intention is best.",
        ),
        "de": (
            "Die Kopfzeile Idempotency-Key ist leer, zu lang, doppelt oder kein druckbares ASCII.",
            "Einen Schlüssel aus 1 bis 255 Zeichen senden, am besten je Vorhaben eine neue UUID.",
        ),
    },
    "not-found": {
        "en": (
            "The address, or something the request refers to, does not exist in your workspace.",
            "Check the id and the workspace of the key. It may have been deleted.",
        ),
        "de": (
            "Die Adresse oder etwas, worauf die Anfrage verweist, gibt es in Ihrem Bereich nicht.",
            "Kennung und Bereich des Schlüssels prüfen. Vielleicht wurde es gelöscht.",
        ),
    },
    "method-not-allowed": {
        "en": (
            "The address exists, but not with this method.",
            "Use one of the methods in the header `Allow`.",
        ),
        "de": (
            "Die Adresse gibt es, aber nicht mit dieser Methode.",
            "Eine der Methoden in der Kopfzeile `Allow` verwenden.",
        ),
    },
    "conflict": {
        "en": (
            "The request is fine by itself, but does not fit what is stored.",
            "Read what is there, then decide; `detail` says what stands against it.",
        ),
        "de": (
            "Die Anfrage ist für sich richtig, passt aber nicht zu dem, was gespeichert ist.",
            "Den Bestand lesen und dann entscheiden; `detail` sagt, was dagegen steht.",
        ),
    },
    "key-taken": {
        "en": (
            "Another object of this kind has the same key, which must be unique.",
            "Choose another key, or change the object that has it.",
        ),
        "de": (
            "Ein anderes Objekt dieser Art hat denselben Schlüssel; er muss eindeutig sein.",
            "Einen anderen Schlüssel wählen oder das vorhandene Objekt ändern.",
        ),
    },
    "external-id-taken": {
        "en": (
            "This source has already sent an object with this external id.",
            "Change the object that has it, or send another external id.",
        ),
        "de": (
            "Diese Quelle hat schon ein Objekt mit dieser externen Kennung gesendet.",
            "Das vorhandene Objekt ändern oder eine andere externe Kennung senden.",
        ),
    },
    "in-use": {
        "en": (
            "The object cannot go while others refer to it.",
            "Change or delete those first.",
        ),
        "de": (
            "Das Objekt kann nicht weg, solange andere darauf verweisen.",
            "Zuerst diese ändern oder löschen.",
        ),
    },
    "milestone-order": {
        "en": (
            "The milestones of this process do not allow that step from where things stand.",
            "Read the opportunity and its events; tell earlier milestones first, or regress.",
        ),
        "de": (
            "Die Meilensteine dieses Prozesses lassen diesen Schritt von hier aus nicht zu.",
            "Geschäftsmöglichkeit und Ereignisse lesen; frühere Meilensteine zuerst melden.",
        ),
    },
    "opportunity-closed": {
        "en": (
            "The opportunity is won, was given up, or is not in the state this step needs.",
            "Reopen a mistaken exit, revive with a new act of the customer, or resume a hold.",
        ),
        "de": (
            "Die Geschäftsmöglichkeit ist gewonnen, aufgegeben oder nicht im nötigen Zustand.",
            "Irrtümlichen Abgang zurücknehmen, durch neue Kundenhandlung beleben oder fortsetzen.",
        ),
    },
    "idempotency-in-flight": {
        "en": (
            "A request with the same idempotency key is being worked on at this moment.",
            "Send the same request with the same key again after `Retry-After`.",
        ),
        "de": (
            "Eine Anfrage mit demselben Idempotenzschlüssel wird gerade bearbeitet.",
            "Dieselbe Anfrage mit demselben Schlüssel nach `Retry-After` noch einmal senden.",
        ),
    },
    "secret-not-kept": {
        "en": (
            "The first request with this idempotency key was done. Its answer held a secret that"
            " is shown once and kept nowhere, so it cannot be repeated.",
            "If the secret did not arrive, take back what was made (`detail` says where it is),"
            " and make another with a new idempotency key.",
        ),
        "de": (
            "Die erste Anfrage mit diesem Idempotenzschlüssel ist erledigt. Ihre Antwort enthielt"
            " ein Geheimnis, das nur einmal gezeigt und nirgends aufbewahrt wird.",
            "Kam es nicht an, das Erzeugte zurücknehmen (`detail` nennt den Ort) und mit einem"
            " neuen Idempotenzschlüssel ein anderes erzeugen.",
        ),
    },
    "import-state": {
        "en": (
            "The import has moved past the point where this was possible.",
            "Read the import's `state`; make a new import if need be.",
        ),
        "de": (
            "Der Import ist über den Punkt hinaus, an dem das möglich war.",
            "`state` des Imports lesen; notfalls einen neuen Import anlegen.",
        ),
    },
    "cursor-expired": {
        "en": (
            "Events are kept for thirty days; some behind this cursor are gone.",
            "Read the objects you need anew, then go on with `after=now`.",
        ),
        "de": (
            "Ereignisse bleiben dreißig Tage; manche hinter diesem Zeiger sind fort.",
            "Die benötigten Objekte neu lesen, dann mit `after=now` weitermachen.",
        ),
    },
    "precondition-failed": {
        "en": (
            "Somebody changed the object after you had read it. Nothing was written.",
            "Read it again, apply your change to the new version, send its ETag.",
        ),
        "de": (
            "Jemand hat das Objekt nach Ihrem Lesen geändert. Nichts wurde gespeichert.",
            "Neu lesen, die Änderung auf den neuen Stand anwenden, dessen ETag senden.",
        ),
    },
    "body-too-large": {
        "en": (
            "The body is larger than this server takes. `GET /v1/me` shows the limits.",
            "Send it in parts, or use an import.",
        ),
        "de": (
            "Der Inhalt ist größer, als dieser Server annimmt. `GET /v1/me` zeigt die Grenzen.",
            "In Teilen senden oder einen Import verwenden.",
        ),
    },
    "unsupported-media-type": {
        "en": (
            "The content type, charset or content encoding of the body is not understood.",
            "Send `Content-Type: application/json` in UTF-8, without a content encoding.",
        ),
        "de": (
            "Inhaltstyp, Zeichensatz oder Kodierung des Inhalts werden nicht verstanden.",
            "`Content-Type: application/json` in UTF-8 senden, ohne weitere Kodierung.",
        ),
    },
    "validation-failed": {
        "en": (
            "The request can be read, but something in it does not hold.",
            "`errors` names every fault and where it is. Correct them all; nothing was stored.",
        ),
        "de": (
            "Die Anfrage ist lesbar, aber etwas darin stimmt nicht.",
            "`errors` nennt jeden Fehler und seinen Ort. Alle beheben; nichts wurde gespeichert.",
        ),
    },
    "idempotency-key-reused": {
        "en": (
            "The idempotency key came before with another body, address or question.",
            "Use a new key for a new request; a repeated request must be the same in everything.",
        ),
        "de": (
            "Der Idempotenzschlüssel kam schon mit anderem Inhalt oder anderer Adresse.",
            "Für eine neue Anfrage einen neuen Schlüssel nehmen; Wiederholungen gleichen ganz.",
        ),
    },
    "unknown-parameter": {
        "en": (
            "There is no such parameter here. A mistyped filter must not return everything.",
            "Check its spelling in the documentation of the operation.",
        ),
        "de": (
            "Diesen Parameter gibt es hier nicht. Ein vertippter Filter soll nicht alles liefern.",
            "Die Schreibweise in der Dokumentation der Operation prüfen.",
        ),
    },
    "invalid-cursor": {
        "en": (
            "The cursor is damaged, or belongs to a list with other filters or another order.",
            "Begin again without a cursor; keep filters and order the same from page to page.",
        ),
        "de": (
            "Der Zeiger ist beschädigt oder gehört zu anderen Filtern oder anderer Reihenfolge.",
            "Ohne Zeiger neu beginnen; Filter und Reihenfolge von Seite zu Seite beibehalten.",
        ),
    },
    "column-missing": {
        "en": (
            "The mapping names a column that the file does not have.",
            "Compare the mapping with the first line of the file.",
        ),
        "de": (
            "Die Zuordnung nennt eine Spalte, die es in der Datei nicht gibt.",
            "Die Zuordnung mit der ersten Zeile der Datei vergleichen.",
        ),
    },
    "file-unreadable": {
        "en": (
            "The file is not what its kind promises, or is damaged.",
            "Open and save it again, as CSV, NDJSON or XLSX.",
        ),
        "de": (
            "Die Datei ist nicht, was ihre Art verspricht, oder ist beschädigt.",
            "Öffnen und neu speichern, als CSV, NDJSON oder XLSX.",
        ),
    },
    "encoding": {
        "en": (
            "The text of the file is neither UTF-8 nor what was stated.",
            "Save it as UTF-8, or state its encoding.",
        ),
        "de": (
            "Der Text der Datei ist weder UTF-8 noch, was angegeben wurde.",
            "Als UTF-8 speichern oder die Kodierung angeben.",
        ),
    },
    "evidence-required": {
        "en": (
            "The process wants evidence of the customer's act at this milestone.",
            "Send at least one `evidence`: a mail, a document, a note of who said what.",
        ),
        "de": (
            "Der Prozess verlangt an diesem Meilenstein einen Beleg für die Kundenhandlung.",
            "Mindestens ein `evidence` senden: eine Mail, ein Dokument, wer was gesagt hat.",
        ),
    },
    "not-writable": {
        "en": (
            "The field follows from events and cannot be written.",
            "Tell what the customer did: `reach`, `exit`, `regress` and their kin.",
        ),
        "de": (
            "Das Feld folgt aus Ereignissen und lässt sich nicht schreiben.",
            "Melden, was der Kunde getan hat: `reach`, `exit`, `regress` und so weiter.",
        ),
    },
    "precondition-required": {
        "en": (
            "A change without the version it is meant for could overwrite somebody else's.",
            "Read the object and send its ETag as `If-Match`.",
        ),
        "de": (
            "Eine Änderung ohne Angabe der Version könnte die eines anderen überschreiben.",
            "Das Objekt lesen und sein ETag als `If-Match` senden.",
        ),
    },
    "quota-exceeded": {
        "en": (
            "The key has used up what it may ask for in a while; `violated-policies` says where."
            " With the policy `failed-keys`: the address has sent too many unknown keys.",
            "Wait as many seconds as `Retry-After` says, then send the same again.",
        ),
        "de": (
            "Der Schlüssel hat verbraucht, was er in einer Zeitspanne fragen darf;"
            " `violated-policies` sagt, worin. Bei `failed-keys` kamen von der Adresse zu viele"
            " unbekannte Schlüssel.",
            "So viele Sekunden warten, wie `Retry-After` sagt, dann dasselbe noch einmal senden.",
        ),
    },
    "too-many-streams": {
        "en": (
            "The workspace, or this server, has as many streams open as it may.",
            "Close one you no longer need, or ask `GET /v1/events` now and then instead.",
        ),
        "de": (
            "Der Bereich oder dieser Server hat so viele offene Ströme wie erlaubt.",
            "Einen nicht mehr nötigen schließen oder ab und zu `GET /v1/events` fragen.",
        ),
    },
    "internal": {
        "en": (
            "A fault of the service. Nothing was stored; it is logged under the request id.",
            "Report the request id. Trying again may help, but need not.",
        ),
        "de": (
            "Ein Fehler des Dienstes. Nichts wurde gespeichert; das Log nennt die Anfrage-Id.",
            "Die Anfrage-Id melden. Ein neuer Versuch kann helfen, muss aber nicht.",
        ),
    },
    "database-unavailable": {
        "en": (
            "The service cannot reach its database, or that is too busy. Nothing was written.",
            "Wait as long as `Retry-After` says, and send the request again.",
        ),
        "de": (
            "Die Datenbank ist nicht erreichbar oder überlastet. Nichts wurde gespeichert.",
            "So lange warten, wie `Retry-After` sagt, und die Anfrage erneut senden.",
        ),
    },
    "outcome-unknown": {
        "en": (
            "The database was lost while it was storing: it may have happened, or not.",
            "Send it again with the same Idempotency-Key. Sent without one, first read what is"
            " there.",
        ),
        "de": (
            "Die Datenbank ging beim Speichern verloren: Es kann geschehen sein oder nicht.",
            "Mit demselben Idempotency-Key erneut senden; wer keinen sandte, liest erst nach.",
        ),
    },
    "query-timeout": {
        "en": (
            "The database stopped the question because it took too long.",
            "Narrow it: a shorter period, one process, one team. Then try again.",
        ),
        "de": (
            "Die Datenbank hat die Frage abgebrochen, weil sie zu lange dauerte.",
            "Enger fragen: kürzerer Zeitraum, ein Prozess, ein Team. Dann erneut versuchen.",
        ),
    },
    "being-learnt": {
        "en": (
            "Nobody has asked this of late, and reading all the deals there are takes longer than"
            " a request may. A worker is at it.",
            "Try again after `Retry-After`; from then on it is learnt every night.",
        ),
        "de": (
            "So hat lange niemand gefragt, und alle Deals zu lesen, die es gibt, dauert länger"
            " als eine Anfrage darf. Ein Worker ist dabei.",
            "Nach `Retry-After` erneut versuchen; von da an wird es jede Nacht gelernt.",
        ),
    },
    "locked": {
        "en": (
            "Somebody else is changing the same thing at this moment. Nothing was written.",
            "Try again after `Retry-After`.",
        ),
        "de": (
            "Jemand anderes ändert gerade dasselbe. Nichts wurde gespeichert.",
            "Nach `Retry-After` erneut versuchen.",
        ),
    },
    "storage-full": {
        "en": (
            "The database has no room left. Nothing was written; reading still works.",
            "The operator has to make room; then send the request again.",
        ),
        "de": (
            "Die Datenbank ist voll. Nichts wurde gespeichert; Lesen geht weiter.",
            "Der Betreiber muss Platz schaffen; danach die Anfrage erneut senden.",
        ),
    },
    "not-ready": {
        "en": (
            "The service starts, stops, or waits for its database to be migrated.",
            "Wait as long as `Retry-After` says; operators read the log and `/readyz`.",
        ),
        "de": (
            "Der Dienst startet, endet oder wartet auf die Migration seiner Datenbank.",
            "So lange warten, wie `Retry-After` sagt; Betreiber lesen Log und `/readyz`.",
        ),
    },
}
