"""Time-based one-time passwords (RFC 6238) and recovery codes. No database."""

import hmac
import secrets
from typing import Final

import pyotp

from app.core.clock import utcnow

STEP_S: Final = 30
DRIFT: Final = (0, -1, 1)
"""Steps that are accepted, relative to the present one."""
ISSUER: Final = "Puente"
CODES: Final = 10
CODE_GROUPS: Final = 4
CODE_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is easily misread; sixteen of them are 79 bits of chance."""


def new_secret() -> str:
    """A fresh secret, in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str) -> int | None:
    """The time step `code` belongs to, of the present one and its neighbours; None when it belongs to none."""
    present = int(utcnow().timestamp()) // STEP_S
    source = pyotp.TOTP(secret)
    for step in (present + drift for drift in DRIFT):
        if hmac.compare_digest(source.generate_otp(step), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten fresh codes for whoever has lost the authenticator."""
    return ["-".join(random_group() for _ in range(CODE_GROUPS)) for _ in range(CODES)]


def random_group() -> str:
    """Four letters of a recovery code."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(4))


def plain_code(text: str) -> str:
    """A recovery code without what people add when they type it."""
    return "".join(text.lower().split()).replace("-", "")
