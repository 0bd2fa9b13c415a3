"""Fills the templates; whatever a student wrote comes out as text that can be seen.

Nothing runs on these pages and nothing is loaded by them: Content Security Policy, level 3
(W3C), with the hash of the one style sheet, which also forbids style attributes.
"""

import base64
import hashlib
import unicodedata
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 2000
"""Characters of one text on a page; the JSON results hold all of it."""
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip


def render(page: str, **context: Any) -> str:
    """Fill ``<page>.html``, with ``base.css`` and ``<page>.css`` in it; every value is escaped."""
    style, policy = _style(page)
    template = _environment().get_template(f"{page}.html")
    return template.render(style=style, policy=policy, **context)


def visible(text: str) -> str:
    """Text in which nothing is hidden: control and formatting characters show their code.

    Bidirectional overrides (Unicode Standard Annex 9) could otherwise turn around what follows.
    """
    if text.isprintable():
        return text
    return "".join(c if _can_be_seen(c) else f"⟨U+{ord(c):04X}⟩" for c in text)


def _can_be_seen(character: str) -> bool:
    return (
        character.isprintable()
        or character in "\n\t"
        or unicodedata.category(character) == "Zs"  # the spaces besides the plain one
    )


def spanish_date(moment: str) -> str:
    """An ISO 8601 moment in words; other text as it is."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    day = f"{found.day} de {_MONTHS[found.month - 1]} de {found.year}"
    return f"{day}, {found:%H:%M} {found.tzname() or ''}".strip()


def decimal(value: float) -> str:
    """A number with at most one decimal, written the Spanish way."""
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… (recortado)"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader  # 40 ms: only when pages are made
    from markupsafe import Markup

    def finalize(value: Any) -> Any:
        plain = isinstance(value, str) and not isinstance(value, Markup)
        return visible(value) if plain else value

    environment = Environment(
        loader=PackageLoader("taller.grading.pages"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, finalize=finalize, auto_reload=False,
    )  # fmt: skip
    environment.filters |= {
        "date": spanish_date,
        "decimal": decimal,
        "shortened": _shortened,
        "segment": lambda text: quote(
            text, safe="", errors="replace"
        ),  # one part of a relative link's path
    }
    return environment


@cache
def _style(page: str) -> tuple[Any, str]:
    """The style sheet of a page, and the policy that admits it and nothing else."""
    from markupsafe import Markup

    sources = (_environment().get_template(name).render() for name in ("base.css", f"{page}.css"))
    text = "\n".join(sources)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(text), policy  # noqa: S704 - the package's own style sheets
