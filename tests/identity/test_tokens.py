"""An access token is ours, is for this, is valid now and says whose it is; anything else is nobody's."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import NoneAlgorithm

from app.core.clock import utcnow
from app.core.settings import Settings
from app.identity import tokens
from app.identity.models import Standing
from app.identity.token_keys import CannotStart, SealUnreadable, TokenKeys, token_seed
from tests.identity.people import KEYRING, bearer, make_person, open_session

NOBODY = "01a1fbb8-5d78-703f-900f-96891f9774aa"
KID = tokens.key_id(KEYRING.signing.public_key())
PEM = KEYRING.signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
RAW = KEYRING.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@pytest.fixture
async def opened(session):
    """The claims of a good token of an open session."""
    person = await make_person(session)
    started = await open_session(session, person)
    return jwt.decode(started.access_token, options={"verify_signature": False})


def part(value) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(claims, key=KEYRING.signing, algorithm="EdDSA", **headers):
    head = {"typ": "at+jwt", "kid": KID, **headers}
    return jwt.encode(claims, key, algorithm=algorithm, headers={k: v for k, v in head.items() if v is not None})


def by_hand(header, claims, signature=b""):
    return f"{part(header)}.{part(claims)}.{part(signature)}"


async def status_of(client, token) -> int:
    reply = await client.get("/v1/me", headers=bearer(token))
    assert reply.status_code == 200 or reply.json()["code"] == "unauthorized"
    return reply.status_code


async def test_a_token_of_an_open_session_is_good(client, opened):
    assert await status_of(client, signed(opened)) == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
async def test_a_token_without_a_signature_is_nobody_s(client, opened, algorithm):
    header = {"alg": algorithm, "typ": "at+jwt", "kid": KID}

    assert await status_of(client, by_hand(header, opened)) == 401


@pytest.mark.parametrize("secret", [PEM, RAW, PEM.strip(), KID.encode(), b""])
async def test_the_public_key_is_no_shared_secret(client, opened, secret):
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KID}
    body = f"{part(header)}.{part(opened)}"
    token = f"{body}.{part(hmac.digest(secret, body.encode(), 'sha256'))}"

    assert await status_of(client, token) == 401


async def test_other_public_key_algorithms_are_not_ours(client, opened):
    rsa, curve = generate_rsa_key(65537, 2048), generate_private_key(SECP256R1())

    assert await status_of(client, signed(opened, rsa, "RS256")) == 401
    assert await status_of(client, signed(opened, curve, "ES256")) == 401


class Trusting(NoneAlgorithm):
    """Says of every signature that it is right."""

    def prepare_key(self, key):
        return key

    def verify(self, *_):
        return True


async def test_no_other_algorithm_is_even_tried(client, opened):
    token = by_hand({"alg": "trusting", "typ": "at+jwt", "kid": KID}, opened)
    jwt.register_algorithm("trusting", Trusting())
    try:
        assert jwt.decode(token, b"", algorithms=["trusting"], audience=tokens.AUDIENCE) == opened
        assert await status_of(client, token) == 401
    finally:
        jwt.unregister_algorithm("trusting")


async def test_a_key_in_the_header_is_not_used(client, opened):
    stranger = TokenKeys(bytes(32))
    jwk = tokens.public_jwk(stranger.signing.public_key())
    headers = [{"jwk": jwk}, {"jku": "http://127.0.0.1/keys"}, {"x5u": "http://127.0.0.1/keys"}, {"x5c": ["MIIB"]}]

    statuses = [await status_of(client, signed(opened, stranger.signing, **header)) for header in headers]

    assert statuses == [401] * 4


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "' OR '1'='1",
        "x' UNION SELECT 'a' --",
        "http://127.0.0.1/keys",
        "unknown",
        "",
        "\0",
        "kid\ud800",
        KID.upper(),
        f"{KID} ",
    ],
)
async def test_a_kid_only_chooses_among_our_own_keys(client, opened, kid):
    header = part({"alg": "EdDSA", "typ": "at+jwt", "kid": kid})
    body = f"{header}.{part(opened)}"

    assert await status_of(client, f"{body}.{part(KEYRING.signing.sign(body.encode()))}") == 401


@pytest.mark.parametrize("kid", [None, [KID], {"kid": KID}, 7, True])
async def test_a_kid_is_a_text(client, opened, kid):
    header = part({"alg": "EdDSA", "typ": "at+jwt", "kid": kid})
    body = f"{header}.{part(opened)}"

    assert await status_of(client, f"{body}.{part(KEYRING.signing.sign(body.encode()))}") == 401
    assert await status_of(client, signed(opened, kid=None)) == 401


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://elsewhere.example"),
        ("iss", ["puente"]),
        ("aud", "another-api"),
        ("aud", []),
        ("token_use", "refresh"),
        ("token_use", "id"),
        ("token_use", None),
        ("sub", "nobody"),
        ("sub", NOBODY),
        ("sid", NOBODY),
        ("sid", 7),
        ("sid", ["x"]),
        ("scope", "member:write"),
        ("cid", NOBODY),
        ("exp", "soon"),
        ("exp", None),
        ("nbf", {}),
        ("iat", "x"),
    ],
)
async def test_each_claim_is_what_it_must_be(client, opened, claim, value):
    header = part({"alg": "EdDSA", "typ": "at+jwt", "kid": KID})
    body = f"{header}.{part({**opened, claim: value})}"

    assert await status_of(client, f"{body}.{part(KEYRING.signing.sign(body.encode()))}") == 401


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "token_use"])
async def test_no_claim_may_be_missing(client, opened, claim):
    assert await status_of(client, signed({name: value for name, value in opened.items() if name != claim})) == 401


async def test_a_token_is_good_from_its_beginning_to_its_end(client, opened):
    now = utcnow()
    late, early = {**opened, "exp": now - timedelta(seconds=6)}, {**opened, "nbf": now + timedelta(seconds=60)}
    unborn = {**opened, "iat": now + timedelta(seconds=60)}

    assert [await status_of(client, signed(claims)) for claims in (late, early, unborn)] == [401] * 3


async def test_a_token_ends_after_ten_minutes(client, session, time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    token = (await open_session(session, await make_person(session))).access_token
    time_machine.shift(599)
    assert await status_of(client, token) == 200

    time_machine.shift(4)

    assert await status_of(client, token) == 401


@pytest.mark.parametrize("kind", ["JWT", "id+jwt", None])
async def test_a_token_says_in_its_header_that_it_is_for_access(client, opened, kind):
    assert await status_of(client, signed(opened, typ=kind)) == 401


async def test_a_refresh_token_gives_no_access(client, session):
    started = await open_session(session, await make_person(session))

    assert await status_of(client, started.refresh_token) == 401


async def test_a_changed_payload_breaks_the_signature(client, session, opened):
    other = await make_person(session)
    head, payload, signature = signed(opened).split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))

    tampered = f"{head}.{part({**claims, 'sub': str(other.member.id)})}.{signature}"

    assert await status_of(client, tampered) == 401
    assert await status_of(client, f"{head}.{payload}.{signature[:-4]}AAAA") == 401
    assert await status_of(client, f"{head}.{payload}.") == 401


async def test_a_token_of_another_key_is_nobody_s(client, opened):
    stranger = TokenKeys(bytes(32))

    assert await status_of(client, signed(opened, stranger.signing)) == 401
    assert (
        await status_of(client, signed(opened, stranger.signing, kid=tokens.key_id(stranger.signing.public_key())))
        == 401
    )


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "..",
        ".",
        "e30.e30.",
        "x" * 9000,
        "e30",
        "puente.x.y",
        "éé.é.é",
        "eyJhbGciOiJFZERTQSJ9..",
        "null.null.null",
    ],
)
async def test_what_is_no_token_at_all_is_nobody_s(client, text):
    reply = await client.get("/v1/me", headers={"Authorization": f"Bearer {text}".encode()})

    assert reply.status_code == 401


async def test_another_member_s_session_is_not_one_s_own(client, session, opened):
    other = await make_person(session)

    assert await status_of(client, signed({**opened, "sub": str(other.member.id)})) == 401


@pytest.mark.parametrize("holder", ["member", "organisation"])
async def test_a_token_of_the_disabled_is_nobody_s(client, session, holder):
    person = await make_person(session)
    token = (await open_session(session, person)).access_token
    getattr(person, holder).standing = Standing.DISABLED
    await session.flush()

    assert await status_of(client, token) == 401


async def test_refusals_do_not_tell_what_was_wrong(client, session, opened):
    texts = [signed({**opened, "exp": 1}), signed(opened, TokenKeys(bytes(32)).signing), "x.y.z", "nonsense"]

    replies = [(await client.get("/v1/me", headers=bearer(text))).json() | {"request_id": None} for text in texts]

    assert all(reply == replies[0] for reply in replies)


async def test_the_public_keys_check_a_token_and_hold_no_private_part(client, session):
    token = (await open_session(session, await make_person(session))).access_token

    (key,) = (await client.get("/v1/oauth/jwks")).json()["keys"]

    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    jwt.decode(token, jwt.PyJWK(key).key, algorithms=["EdDSA"], audience="puente-api", issuer="puente")


def test_the_key_is_made_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.delenv("PUENTE_TOKEN_KEY")
    settings = Settings(state_dir=tmp_path)

    assert token_seed(settings) == token_seed(settings)
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600


def test_a_malformed_key_is_refused(tmp_path):
    with pytest.raises(CannotStart, match="PUENTE_TOKEN_KEY"):
        token_seed(Settings(token_key="z" * 64))


def test_what_is_sealed_opens_for_its_owner_and_key_alone():
    sealed = KEYRING.seal(b"secret", owner=b"one")

    assert KEYRING.unseal(sealed, owner=b"one") == b"secret"
    for keyring, owner, text in [
        (KEYRING, b"other", sealed),
        (TokenKeys(bytes(32)), b"one", sealed),
        (KEYRING, b"one", sealed[:-1] + b"x"),
    ]:
        with pytest.raises(SealUnreadable):
            keyring.unseal(text, owner=owner)
    assert "11111111" not in repr(KEYRING)


def test_what_is_blinded_says_nothing_without_the_key():
    digest = KEYRING.blind("account", "ana@firm.example")

    assert digest == TokenKeys(KEYRING.seed).blind("account", "ana@firm.example")
    assert digest != TokenKeys(bytes(32)).blind("account", "ana@firm.example")
    assert digest != KEYRING.blind("accountana", "@firm.example")
