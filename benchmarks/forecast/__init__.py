"""How good and how fast the forecast is, beside its goals."""
