"""The contract as a document."""

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    pass
