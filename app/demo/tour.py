"""The tour: a client asks in three languages, a firm posts an engineer, and the shortlist follows."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from app.core.errors import CannotStart
from app.demo.requests import ENGINEER, REQUESTS
from matching import words_in

PLACES: Final = 5
Reply = dict[str, Any]


class Tour:
    """Walks through the API with one key for each side of the marketplace."""

    def __init__(self, client: httpx.Client, credentials: Mapping[str, Mapping[str, str]], out: Console) -> None:
        self._client = client
        self._keys = {side: held["key"] for side, held in credentials.items()}
        self._out = out

    def walk(self) -> None:
        """Do everything the README shows, in its order."""
        requests = {language: self._ask(language, request) for language, request in REQUESTS.items()}
        for language, request in requests.items():
            self._show_shortlist(f"{language}: {request['title']}", self._shortlist("recruiter", request))
        self._show_gates(self._shortlist("recruiter", requests["English"]))
        self._follow_a_profile(requests["English"])
        self._show_redaction(requests["English"])

    def _ask(self, language: str, request: Mapping[str, Any]) -> Reply:
        reply = self._call("client", "POST", "/v1/requests", json=request)
        self._out.print(f"[bold]POST /v1/requests[/] in {language}: {reply['title']} -> {reply['id']}")
        return reply

    def _shortlist(self, side: str, request: Reply, *, size: int = 25) -> Reply:
        return self._call(side, "POST", f"/v1/requests/{request['id']}/shortlists", json={"size": size})

    def _show_shortlist(self, title: str, shortlist: Reply) -> None:
        caption = f"{shortlist['admitted']} of {shortlist['considered']} pass every gate"
        table = Table("#", "score", "range", "who", "why", title=title, caption=caption, show_lines=True)
        for entry in shortlist["entries"][:PLACES]:
            table.add_row(
                str(entry["rank"]),
                f"{entry['score']:.3f}",
                f"{entry['low']:.2f}-{entry['high']:.2f}",
                _who(entry),
                "\n".join(_reasons(entry)),
            )
        self._out.print(table)

    def _show_gates(self, shortlist: Reply) -> None:
        table = Table("gate", "removed", "unknown", "would come in if relaxed", title="What each gate did")
        for gate in shortlist["gates"]:
            figures = (gate[name] for name in ("removed", "unknown", "admitted_if_relaxed"))
            table.add_row(gate["name"], *map(str, figures))
        self._out.print(table)

    def _follow_a_profile(self, request: Reply) -> None:
        posted = self._call("supplier", "POST", "/v1/engineers", json=ENGINEER)
        self._out.print(f"[bold]POST /v1/engineers[/]: {posted['title']} -> {_place(self._largest(request), posted)}")
        path, etag = f"/v1/engineers/{posted['id']}", f'"{posted["version"]}"'
        self._call("supplier", "POST", f"{path}/unlist", headers={"If-Match": etag})
        self._out.print(f"[bold]POST {path}/unlist[/] -> {_place(self._largest(request), posted)}")

    def _largest(self, request: Reply) -> Reply:
        return self._shortlist("recruiter", request, size=100)

    def _show_redaction(self, request: Reply) -> None:
        first = self._shortlist("client", request, size=1)["entries"][:1]
        for entry in first:
            seen = ", ".join(_who(entry).split("\n"))
            self._out.print(f"To the client the first is: {seen}; identity {entry['identity']}, and the same reasons.")

    def _call(self, side: str, method: str, path: str, **options: Any) -> Reply:
        headers = {"Authorization": f"Bearer {self._keys[side]}", **options.pop("headers", {})}
        reply = self._client.request(method, path, headers=headers, **options)
        if reply.is_error:
            raise CannotStart(f"The tour stopped: {method} {path} was answered {reply.status_code}: {reply.text[:300]}")
        found: Reply = reply.json()
        return found


def _who(entry: Reply) -> str:
    candidate, identity = entry["candidate"], entry["identity"]
    name = f"{identity['given_name']} {identity['family_name']}" if identity else "Unnamed"
    rate = candidate["hourly_rate"]
    price = f"{words_in('en').money(rate['amount_minor'], rate['currency'])}/h" if rate else "rate unknown"
    return f"{name}\n{candidate['seniority'] or ''} {candidate['title']}\n{candidate['country'] or '?'}, {price}"


def _reasons(entry: Reply) -> list[str]:
    strongest = sorted(entry["parts"], key=lambda part: -part["contribution"])
    return [f"+{part['contribution']:.3f} {part['reason']}" for part in strongest[:5]]


def _place(shortlist: Reply, engineer: Reply) -> str:
    places = [entry["rank"] for entry in shortlist["entries"] if entry["engineer_id"] == engineer["id"]]
    return f"place {places[0]} of the next shortlist" if places else "not on the next shortlist"
