"""How long the numbers themselves take: no database, no HTTP."""
