"""Documents: what they are their content says, they lie sealed, and every reading is recorded."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlmodel import col, delete, select

from app.core.actor import Role
from app.core.ids import new_id
from app.core.keyring import PersonKey
from app.core.middleware import BodyLimit
from app.core.settings import Settings
from app.main import create_app
from app.talent.attachments import MOST
from app.talent.documents_router import UPLOADS
from app.talent.files import DOCX, ODT, disposition
from app.talent.models import EngineerDocument
from tests.conftest import client_of
from tests.payloads import matching, pointers, post_engineer, walk

REASON = {"reason": "To check her certificate"}


def office(*names, start=None):
    """A packed document with these members."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        if start:
            archive.writestr("mimetype", start)
        for name in names:
            archive.writestr(name, "<x/>")
    return packed.getvalue()


PDF = b"%PDF-1.7 canaryfile"
KINDS = [
    (PDF, "application/pdf"),
    (b"\x89PNG\r\n\x1a\n....", "image/png"),
    (b"\xff\xd8\xff\xe0....", "image/jpeg"),
    ("Currículo de Ana\n".encode(), "text/plain"),
    (office("[Content_Types].xml", "word/document.xml"), DOCX),
    (office("content.xml", start=ODT), ODT),
]
REFUSED = [
    b"",
    b"MZ\x90\x00",
    b"<html>\0</html>",
    b"\xff\xfe\x00",
    b"PK\x03\x04 and no more",
    office("xl/workbook.xml", "[Content_Types].xml"),
    office("classes.dex"),
]


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def url(client, firm):
    return f"/v1/engineers/{(await post_engineer(client, firm))['id']}/documents"


async def send(client, caller, url, content=PDF, name="cv.pdf", kind="cv", **headers):
    files = {"file": (name, content, "application/x-whatever")}
    return await client.post(url, data={"kind": kind}, files=files, headers={**caller.headers, **headers})


@pytest.mark.parametrize(("content", "media_type"), KINDS, ids=[kind for _, kind in KINDS])
async def test_a_document_comes_back_as_it_was_sent(client, firm, url, content, media_type):
    made = await send(client, firm, url, content, "Currículo «Ana».pdf")
    read = await client.get(made.headers["location"], headers=firm.headers)

    assert made.status_code == 201, made.text
    assert (made.json()["media_type"], made.json()["size"]) == (media_type, len(content))
    assert (read.status_code, read.content) == (200, content)
    assert read.headers["content-type"].partition(";")[0] == media_type
    assert read.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''Curr%C3%ADculo%20%C2%ABAna%C2%BB.pdf" in read.headers["content-disposition"]
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["cache-control"] == "no-store"
    assert await walk(client, firm, url) == [made.json()]


@pytest.mark.parametrize("content", REFUSED)
async def test_what_is_no_document_is_refused(client, session, firm, url, content):
    reply = await send(client, firm, url, content, "cv.pdf")

    assert (reply.status_code, reply.json()["code"]) == (415, "document-refused")
    assert (await session.exec(select(EngineerDocument.id))).all() == []


async def test_nothing_of_a_document_lies_in_plain_text(client, session, firm, url):
    await send(client, firm, url, PDF, "canaryname.pdf")

    (row,) = (await session.exec(select(EngineerDocument))).all()

    assert b"canary" not in row.content + row.sealed_name + row.digest
    assert len(row.digest) == 32


async def test_the_marketplace_says_why_it_reads_a_document_and_clients_read_none(client, acting_as, firm, url):
    place = (await send(client, firm, url)).headers["location"]
    recruiter, buyer, auditor = [await acting_as(role) for role in (Role.RECRUITER, Role.CLIENT_ADMIN, Role.AUDITOR)]

    silent = await client.get(place, headers=recruiter.headers)
    stated = await client.get(place, params=REASON, headers=recruiter.headers)
    own = await client.get(place, headers=firm.headers)
    foreign = await client.get(place, headers=(await acting_as(Role.SUPPLIER_ADMIN)).headers)
    client_s = [await client.get(one, headers=buyer.headers) for one in (url, place)]

    assert [reply.status_code for reply in (silent, stated, own, foreign)] == [422, 200, 200, 404]
    assert pointers(silent) == ["/reason"]
    assert [reply.status_code for reply in client_s] == [403, 403]
    records = await client.get(
        "/v1/audit-events",
        params={"action": "engineer_document.read", "sort": "at"},
        headers=auditor.headers,
    )
    assert [one["payload"]["reason"] for one in records.json()["items"]] == [REASON["reason"], "own engineer"]


async def test_only_the_firm_adds_and_removes(client, acting_as, firm, url):
    place = (await send(client, firm, url)).headers["location"]
    recruiter, other = await acting_as(Role.RECRUITER), await acting_as(Role.SUPPLIER_ADMIN)

    added = [(await send(client, one, url)).status_code for one in (recruiter, other)]
    removed = [await client.delete(place, headers=one.headers) for one in (recruiter, other, firm, firm)]

    assert added == [403, 404]
    assert [reply.status_code for reply in removed] == [403, 404, 204, 404]
    assert await walk(client, firm, url) == []


async def test_a_document_belongs_to_its_engineer(client, firm, url):
    place = (await send(client, firm, url)).headers["location"]
    other = (await post_engineer(client, firm))["id"]

    replies = [
        await client.get(f"/v1/engineers/{other}/documents/{place.rsplit('/', 1)[1]}", headers=firm.headers),
        await client.get(f"{url}/{new_id()}", headers=firm.headers),
    ]

    assert [reply.json()["code"] for reply in replies] == ["document-not-found"] * 2


async def test_a_repeated_upload_is_one_document_though_its_boundary_is_another(client, firm, url):
    replies = []
    for content, boundary in ((PDF, "one"), (PDF, "two"), (PDF + b"!", "one")):
        form = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncv\r\n'
                f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
            ).encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": "upload"}
        replies.append(await client.post(url, content=form, headers={**firm.headers, **kind}))

    assert [reply.status_code for reply in replies] == [201, 201, 422]
    assert replies[0].content == replies[1].content
    assert len(await walk(client, firm, url)) == 1


async def test_a_document_over_the_limit_is_refused_and_other_routes_keep_theirs(settings, database, engine, acting_as):
    small = settings.model_copy(update={"max_document_bytes": 40_000, "max_body_bytes": 10_000})
    firm = await acting_as(Role.SUPPLIER_ADMIN)
    async with client_of(create_app(small, database=database, engine=engine)) as client:
        engineer = await post_engineer(client, firm)
        url = f"/v1/engineers/{engineer['id']}/documents"
        replies = [await send(client, firm, url, b"x" * size) for size in (40_000, 40_001, 90_000)]
        other = await client.patch(
            f"/v1/engineers/{engineer['id']}", json={"title": "x" * 20_000}, headers=matching(firm, 1)
        )

    assert [reply.status_code for reply in (*replies, other)] == [201, 413, 413, 413]


async def test_a_file_without_a_good_name_or_kind_is_refused(client, firm, url):
    replies = [
        await send(client, firm, url, name="x" * 256),
        await send(client, firm, url, name="a\nb.pdf"),
        await send(client, firm, url, kind="poem"),
        await client.post(url, data={"kind": "cv"}, headers=firm.headers),
    ]

    assert [reply.status_code for reply in replies[::2]] == [422, 422]
    assert replies[3].status_code == 422
    assert replies[1].status_code in {201, 422}  # httpx escapes the line break, so the name may be a good one


async def test_an_engineer_has_so_many_documents_and_no_more(client, firm, url):
    replies = [await send(client, firm, url, b"text") for _ in range(MOST + 1)]

    assert {reply.status_code for reply in replies[:-1]} == {201}
    assert (replies[-1].status_code, replies[-1].json()["code"]) == (409, "too-many-documents")


async def test_without_the_key_documents_are_noise(client, session, firm, url):
    place = (await send(client, firm, url)).headers["location"]
    await session.exec(delete(PersonKey).where(col(PersonKey.engineer_id) == url.split("/")[3]))

    read, added = await client.get(place, headers=firm.headers), await send(client, firm, url)
    (listed,) = await walk(client, firm, url)

    assert [reply.json()["code"] for reply in (read, added)] == ["person-erased"] * 2
    assert listed["name"] is None


async def test_content_moved_to_another_document_does_not_open(client, session, firm, url):
    first, second = [(await send(client, firm, url, PDF + end)).headers["location"] for end in (b"1", b"2")]
    rows = (await session.exec(select(EngineerDocument).order_by(col(EngineerDocument.id)))).all()
    rows[0].content, rows[1].content = rows[1].content, rows[0].content
    await session.flush()

    replies = [await client.get(place, headers=firm.headers) for place in (first, second)]

    assert [reply.status_code for reply in replies] == [500, 500]


@pytest.mark.parametrize("name", ['a"b.pdf', "a\\b.pdf", "a;filename=x.exe", "简历.pdf", "a\tb"])
def test_a_name_cannot_break_out_of_its_header(name):
    header = disposition(name)

    assert header.isascii()
    assert header.count('"') == 2
    assert header.count(";") == 2
    assert not set("\\\t\r\n") & set(header)


def test_only_the_path_of_uploads_may_bring_more():
    limit = BodyLimit(None, 10, {UPLOADS: 99})

    found = [
        limit._limit({"path": path, "method": method})
        for path, method in (
            ("/v1/engineers/x/documents", "POST"),
            ("/v1/engineers/x/documents", "PUT"),
            ("/v1/engineers/x/y/documents", "POST"),
            ("/v1/engineers/x/documents/", "POST"),
            ("/v1/engineers", "POST"),
        )
    ]

    assert found == [99, 10, 10, 10, 10]
    assert Settings().max_document_bytes == 5 * 1024 * 1024
