"""The role the application works as: one for which row level security holds.

It holds for no superuser and for no role with BYPASSRLS. An operator with one URL may name such a role, or the owner of
the tables; then the application's connections become `puente_app`, which `puente migrate` makes.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from app.core.embedded import APP_ROLE, DatabaseUrls
from app.core.errors import CannotStart

log = logging.getLogger(__name__)

LOGIN: Final = """
    SELECT rolsuper OR rolbypassrls,
        EXISTS (SELECT FROM pg_class WHERE relowner = login.oid AND relnamespace = 'public'::regnamespace),
        EXISTS (
            SELECT FROM pg_roles AS other
            WHERE rolname = :other AND other.oid <> login.oid AND NOT (other.rolsuper OR other.rolbypassrls)
            AND pg_has_role(login.oid, other.oid, '{membership}')
        )
    FROM pg_roles AS login WHERE rolname = coalesce(:login, current_user)
"""
MAY_MAKE: Final = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
# Roles are the whole server's and have no IF NOT EXISTS: another database's migration may make it at the same moment.
MAKE: Final = text(f"""
    DO $$ BEGIN
        CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
""")


@dataclass(frozen=True, slots=True)
class Login:
    """What row level security makes of a role that logs in."""

    bypasses: bool
    owns: bool
    may_become: bool
    """Whether it may act as `puente_app`, and would be held by row level security then."""

    @property
    def is_held(self) -> bool:
        """Whether the role is what the application should work as."""
        return not (self.bypasses or self.owns)


def confined(urls: DatabaseUrls) -> DatabaseUrls:
    """The same, the application's way made one along which row level security holds.

    Raises:
        CannotStart: there is none.
    """
    engine = create_engine(urls.app, poolclass=NullPool, hide_parameters=True, connect_args={"connect_timeout": 10})
    with engine.connect() as connection:
        login = find_login(connection)
    if login.is_held:
        return urls
    if login.may_become:
        return replace(urls, app=url_as_role(urls.app))
    if login.bypasses:
        raise CannotStart(
            "Row level security does not hold for the role in PUENTE_DATABASE_URL: name one that is no superuser and "
            f"has no BYPASSRLS, or let `puente migrate` make {APP_ROLE} for it."
        )
    warn(
        f"The role in PUENTE_DATABASE_URL owns the tables and could lift their row level security; it may not make "
        f"{APP_ROLE}. Name a role of the application's own."
    )
    return urls


@cache
def warn(line: str) -> None:
    """Say it once a process."""
    log.warning(line)


def role_for(connection: Connection, urls: DatabaseUrls) -> str | None:
    """The role to grant to: the application's, or where that is not held, `puente_app`, made if it may be."""
    login = None if urls.app == urls.owner else make_url(urls.app).username
    found = find_login(connection, login)
    if found.is_held:
        return login
    if not found.may_become and connection.scalar(MAY_MAKE):
        quoted = connection.dialect.identifier_preparer.quote(login) if login else "CURRENT_USER"
        # Since 16 who may make roles may not grant those that others have made.
        with suppress(ProgrammingError), connection.begin_nested():
            connection.execute(MAKE)
            connection.execute(text(f"GRANT {APP_ROLE} TO {quoted}"))
    return APP_ROLE if find_login(connection, login).may_become else login


def find_login(connection: Connection, login: str | None = None) -> Login:
    """What row level security makes of `login`, or of the role this connection logged in as."""
    version = connection.dialect.server_version_info or (0,)
    # Since 16 a member may have been granted everything but to become the role.
    statement = text(LOGIN.format(membership="SET" if version >= (16,) else "MEMBER"))
    found = connection.execute(statement, {"login": login, "other": APP_ROLE}).one_or_none()
    return Login(*found) if found else Login(bypasses=False, owns=False, may_become=False)


def url_as_role(url: str) -> str:
    """The same way, as `puente_app`: a role that is set when connecting cannot be forgotten by a session."""
    options = " ".join([*make_url(url).normalized_query.get("options", ()), f"-c role={APP_ROLE}"])
    return make_url(url).update_query_dict({"options": options}).render_as_string(hide_password=False)
