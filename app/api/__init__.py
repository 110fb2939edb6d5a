"""The endpoints."""

from app.api import cascade, me

ROUTERS = (cascade.router, me.router)
