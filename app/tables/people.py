"""People, the teams they belong to, and since when."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link


class Team(Versioned):
    __tablename__ = "teams"

    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="team")
    parent_id: Mapped[UUID | None]
    source: Mapped[str]
    external_id: Mapped[str | None]

    __table_args__ = (
        home(),
        link("parent_id", "teams"),
        CheckConstraint("kind IN ('team', 'territory')", name="kind_known"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        Index(
            "teams_external_id_key",
            "workspace_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class Person(Versioned):
    __tablename__ = "people"

    name: Mapped[str]
    email: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str]
    external_id: Mapped[str | None]

    __table_args__ = (
        home(),
        Index(
            "people_external_id_key",
            "workspace_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "people_email_key",
            "workspace_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class Membership(Owned):
    """A person's team from `since` on, until the person's next membership begins.

    Dated by its beginning alone, two memberships cannot overlap. No team: out of all teams.
    """

    __tablename__ = "memberships"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    team_id: Mapped[UUID | None]

    __table_args__ = (
        home(),
        link("person_id", "people", ondelete="CASCADE"),
        link("team_id", "teams"),
        Index(None, "workspace_id", "team_id"),
    )
