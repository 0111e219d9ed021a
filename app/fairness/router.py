"""Reports and the model card over HTTP."""

from typing import Annotated

from fastapi import Depends, Query, Request

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.problems import problems
from app.core.routing import Router
from app.core.settings import Settings
from app.demand.errors import RequestNotFound
from app.fairness import card, service
from app.fairness.card_schemas import ModelCardOut
from app.fairness.errors import ReportTooLarge
from app.fairness.schemas import SelectionRatesOut, SelectionRatesQuery
from app.identity.dependencies import may
from app.identity.errors import OrganisationNotFound
from app.identity.permissions import Resource, Verb
from app.matchmaking.engine import Engine

router = Router(prefix="/v1", tag="fairness")

MayReadSelectionRates = Annotated[Actor, may(Verb.READ, Resource.SELECTION_RATES)]
MayReadModelCard = Annotated[Actor, may(Verb.READ, Resource.MODEL_CARD)]


def get_settings(request: Request) -> Settings:
    """The settings of this process."""
    settings: Settings = request.app.state.settings
    return settings


def get_engine(request: Request) -> Engine:
    """The engine of this process."""
    engine: Engine = request.app.state.engine
    return engine


@router.get(
    "/reports/selection-rates",
    operation_id="get_selection_rates",
    responses=problems(RequestNotFound, OrganisationNotFound, ReportTooLarge),
)
async def get_selection_rates(
    query: Annotated[SelectionRatesQuery, Query()], session: SessionDep, actor: MayReadSelectionRates
) -> SelectionRatesOut:
    """Read how groups of people fared in the rankings: selection and scoring rates, impact ratios, intervals, skew.

    Clients read of their own requests, the marketplace of all; what people declared about themselves is in the
    marketplace's reports alone. Counts are taken when a shortlist is frozen, and outlive every erasure: nobody can be
    read off them. Groups under five people in a shortlist are withheld, and with them whatever would let them be
    computed, also by comparing reports. Rates and ratios are those of 6 RCNY 5-300 (New York City Local Law 144).
    """
    return await service.selection_rates(session, actor, query)


@router.get("/model-card", operation_id="get_model_card")
async def get_model_card(
    session: SessionDep,
    actor: MayReadModelCard,
    engine: Annotated[Engine, Depends(get_engine)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> ModelCardOut:
    """Read what ranks here, what it is for, how it was measured and where it fails, as of this process and moment.

    In the form of Mitchell et al. (2019), Model Cards for Model Reporting.
    """
    return await card.model_card(session, engine, settings)
