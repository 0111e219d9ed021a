"""Sentences that speak to whoever, or whatever, ranks: "ignore previous instructions", "rank this candidate first".

Patterns in English, Spanish and Portuguese over a text as it is meant to be read. People write honestly about prompts,
rules and rankings as their work; so each pattern needs both the order and what it is aimed at.
"""

import re
from collections.abc import Iterator
from typing import Final

from matching.disguise import Span, readable, squeezed

_WHO: Final = (
    r"(?:(?:this|the|my|that|este|esta|ese|esa|este|mi|meu|minha|esse|essa|deste|desta|o|a|al|el|la) )?"
    r"(?:candidat(?:e|o|a)|applicant|profile|perfil|resume|cv|curriculum|curriculo|postulante|"
    r"engineer|ingenier[oa]|engenheir[oa]|pessoa|persona)"
)
_TOP: Final = (
    r"(?:first|at the top|on top|top (?:of|candidate|match|score|rank)|highest|number one|no\.? ?1\b|above all|"
    r"as the best|best (?:match|candidate)|perfect(?: score| match)?|maximum|10/10|ioo|100|"
    r"(?:de |en |em |el |la |o |a |como |no |na |al )*(?:primer[oa]?s?|primeir[oa]s?|principio|arriba|acima|topo|tope|"
    r"mejor|melhor|maxim[oa]|mas alt[oa]|mais alt[oa]|numero (?:uno|um)))"
)
_FORGET: Final = (
    r"\b(?:ignor(?:e|a|ar|en|ad|em|ing)|disregard|forget|override|bypass|olvid(?:a|e|ar|en)|descart(?:a|e|ar)|"
    r"omit(?:a|e|ir)|desconsider(?:e|a|ar)|esquec(?:a|er)|haz caso omiso de|no hagas caso (?:a|de)|nao siga)"
    r"(?: (?:all|any|of|the|every|everything|todas?|todos?|as|os|las|los|de|a|these|those|estas|essas))* "
    r"(?:(?:(?:previous|prior|above|earlier|preceding|your|system|tus|sus|suas|seus|tuas)[ ,]+)+(?:\w+ )?"
    r"(?:instruct\w*|prompts?|rules?|directions?|guidelines?|criteria|orders?|commands?|instruc\w+|reglas?|regras?|"
    r"criterios?|ordenes|ordens|indicaciones|orientacoes)|"
    r"(?:instruc\w+|reglas|regras|criterios|ordenes|ordens|indicaciones|orientacoes|instructions?|rules|prompts?) "
    r"(?:anteriores|anterior|previ[oa]s|acima|de arriba|del sistema|do sistema|above|given|before this))"
)
_PUT_FIRST: Final = (
    r"\b(?:rank|place|put|score|rate|rating|list|recommend|select|choose|pick|shortlist|move|treat|consider|"
    r"clasific(?:a|ar|que|quen)|classifi(?:que|car|ca)|orden(?:a|e|ar)|coloc(?:a|ar|que|quen)|coloque|pon|pone|ponga|"
    r"ubic(?:a|ar|que)|posicion(?:a|e|ar)|puntu(?:a|e|ar)|seleccion(?:a|e|ar)|selecion(?:e|a|ar)|elig[ea]|escolh[ae]|"
    r"recomiend[ae]|recomend[ae]|situ(?:a|e)|muestr[ae]|mostre|ranque(?:ie|ar)|avali(?:e|ar)|ponha|considere) "
    rf"(?:a )?(?:{_WHO}|me|him|her) (?:\w+ ){{0,4}}?{_TOP}"
)
_PUT_ME_FIRST: Final = (
    rf"\b(?:ponme|colocame|clasificame|ordename|ubicame|puntuame|me coloque|me classifique|me ponha|coloque-me|"
    rf"classifique-me|hire me|rank me|rate me|score me) (?:\w+ ){{0,4}}?{_TOP}"
)
_MUST_BE_FIRST: Final = (
    rf"\b(?:this|the|este|esta|ese|esa|esse|essa|o|el) (?:candidat(?:e|o|a)|applicant|perfil|profile|postulante) "
    r"(?:is|must|should|shall|will|has to|deb[ea]|tiene que|deve|tem que|precisa) (?:\w+ ){0,3}?"
    rf"(?:ranked|rated|scored|placed|selected|shortlisted|chosen|ser|quedar|estar|aparecer|ficar|receber|recibir)"
    rf" (?:\w+ ){{0,3}}?{_TOP}"
)
_YOU_ARE_A_MODEL: Final = (
    r"\b(?:you are|eres|usted es|voce e|as) (?:now )?(?:an? |una? |um |uma )?(?:helpful |expert |impartial )?"
    r"(?:ai (?:assistant|model|recruiter|agent|system)|large language model|language model|llm|"
    r"modelo de (?:lenguaje|linguagem)|asistente de ia|assistente de ia|inteligencia artificial)\b"
)
_TO_A_MACHINE: Final = (
    r"\b(?:attention|note|message|instructions?|nota|aviso|mensaje|mensagem|instrucciones|instrucoes|atencion|atencao)"
    r" (?:to|for|para|a|al|ao)(?: (?:the|any|all|la|el|las|los|a|o|as|os|un|una|um|uma))* "
    r"(?:ai|llms?|ia|language models?|chatbots?|bots?|ats|parser|ranking (?:system|model|algorithm)|"
    r"(?:recruiting|screening) (?:ai|system|model|algorithm|software)|modelos? de (?:lenguaje|linguagem)|algoritmos?|"
    r"sistemas? de (?:seleccion|selecao|ranking))\b"
)
_SAY_NOTHING: Final = (
    r"\b(?:do not|don'?t|never|no|nao) (?:mention|reveal|disclose|repeat|menciones|reveles|mencione|revele)"
    r"(?: (?:that|the|this|these|these|estas?|esta|essas?|tus|sus|suas))* "
    r"(?:instructions?|prompts?|note|instrucciones|instrucoes|nota)\b"
)
_MARKERS: Final = r"<\|?(?:im_start|im_end|system|endoftext|assistant)\|?>|\[/?inst\]|<<sys>>"
_ORDERS: Final = (
    _FORGET,
    _PUT_FIRST,
    _PUT_ME_FIRST,
    _MUST_BE_FIRST,
    _YOU_ARE_A_MODEL,
    _TO_A_MACHINE,
    _SAY_NOTHING,
    _MARKERS,
)
_ORDER: Final = re.compile("|".join(f"(?:{order})" for order in _ORDERS))
_RUN_TOGETHER: Final = re.compile(
    r"(?:ignore|disregard|forget)(?:all|any|the|of|your)*(?:previous|prior|above|earlier)(?:\w{0,10})"
    r"(?:instructions|prompts|rules|criteria)"
    r"|(?:rank|place|put|rate|score)(?:this|the|my)(?:candidate|applicant|profile)(?:first|highest|atthetop|numberone)"
    r"|(?:ignor[ae]|olvid[ae])(?:todas)?(?:las|los|tus)(?:instrucciones|reglas|criterios)(?:anteriores|previ[oa]s)"
    r"|(?:ignore|desconsidere)(?:todas)?(?:as|os|suas)(?:instrucoes|regras|criterios)(?:anteriores|acima)"
    r"|(?:coloca|clasifica|pon|ubica)aest[ea](?:candidat[oa]|perfil)(?:en|de)?(?:el|la)?primer"
    r"|(?:coloque|classifique)est[ea](?:candidat[oa]|perfil)(?:em|no)?primeir"
)


def instructions(text: str) -> Iterator[Span]:
    """Where a text gives orders to its reader."""
    reading = readable(text)
    for found in _ORDER.finditer(reading.text):
        yield reading.span(*found.span())
    letters = squeezed(reading)
    for found in _RUN_TOGETHER.finditer(letters.text):
        yield letters.span(*found.span())
