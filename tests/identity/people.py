"""People who sign in, for tests."""

from dataclasses import dataclass
from functools import cache

import pyotp

from app.core.actor import Role
from app.core.clock import utcnow
from app.identity import sessions, totp
from app.identity.models import Member, Organisation, Password, RecoveryCode, Totp
from app.identity.passwords import HASHING
from app.identity.permissions import ROLES
from app.identity.sessions import Tokens
from app.identity.token_keys import TokenKeys
from tests.factories import make_member, make_organisation

SEED = "11" * 32
PASSWORD = "four random words"
KEYRING = TokenKeys(bytes.fromhex(SEED))
RECOVERY = "aaaa-bbbb-cccc-dddd"


@cache
def hash_of(password: str) -> str:
    return HASHING.hash(password)


@dataclass(frozen=True)
class Person:
    member: Member
    organisation: Organisation
    secret: str | None
    password: str

    @property
    def sign_in(self):
        """The body of a sign-in."""
        return {"email": self.member.email, "password": self.password}

    @property
    def code(self):
        """What the authenticator shows now."""
        return pyotp.TOTP(self.secret).at(utcnow())


async def make_person(
    session, role=Role.HIRING_MANAGER, organisation=None, *, password=PASSWORD, authenticator=False, **given
) -> Person:
    """A member with a password, and with an authenticator and one recovery code if need be."""
    kind = next(kind for kind, roles in ROLES.items() if role in roles)
    organisation = organisation or await make_organisation(session, kind)
    member = await make_member(session, organisation, role, **given)
    own = {"member_id": member.id, "organisation_id": organisation.id}
    session.add(Password(**own, hash=hash_of(password)))
    secret = None
    if authenticator:
        secret = totp.new_secret()
        sealed = KEYRING.seal(secret.encode(), owner=member.id.bytes)
        session.add(Totp(**own, sealed_secret=sealed, confirmed_at=utcnow()))
        session.add(RecoveryCode(**own, digest=KEYRING.blind("recovery", totp.plain_code(RECOVERY))))
    await session.flush()
    return Person(member, organisation, secret, password)


async def open_session(session, person: Person, *, second_factor=True) -> Tokens:
    return await sessions.start(session, KEYRING, person.member, second_factor=second_factor)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def signed_in(session, role=Role.HIRING_MANAGER, organisation=None, **given) -> tuple[Person, dict[str, str]]:
    """Somebody with a session that proved a second factor, and the headers to call with."""
    person = await make_person(session, role, organisation, **given)
    return person, bearer((await open_session(session, person)).access_token)
