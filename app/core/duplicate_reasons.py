"""What speaks for two being one, and what against it, as sentences in English and German."""

from collections.abc import Mapping

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "same_vat_id": {"en": "The same VAT id.", "de": "Dieselbe USt-IdNr."},
    "same_name": {
        "en": "The same name, legal form and spelling aside.",
        "de": "Derselbe Name, von Rechtsform und Schreibweise abgesehen.",
    },
    "same_domain": {"en": "The same web domain.", "de": "Dieselbe Webdomain."},
    "similar_name": {
        "en": "One name begins with the other.",
        "de": "Ein Name beginnt mit dem anderen.",
    },
    "same_postcode": {"en": "The same postcode.", "de": "Dieselbe Postleitzahl."},
    "same_value": {"en": "The same value.", "de": "Derselbe Wert."},
    "same_product": {"en": "About the same product.", "de": "Es geht um dasselbe Produkt."},
    "different_vat_id": {"en": "But another VAT id.", "de": "Aber eine andere USt-IdNr."},
    "different_country": {"en": "But another country.", "de": "Aber ein anderes Land."},
    "different_postcode": {"en": "But another postcode.", "de": "Aber eine andere Postleitzahl."},
    "different_process": {"en": "But another process.", "de": "Aber ein anderer Prozess."},
}


def duplicate_text(code: str, language: str) -> str:
    return SENTENCES[code][language]
