"""Telling others by calling them: who wants to be told, and what became of each event."""
