"""How soon a server is there, and how large it is then."""
