"""The endpoints."""

from app.api import me

ROUTERS = (me.router,)
