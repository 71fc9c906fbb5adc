"""The definitions as a document, rendered from where they are defined: ``python -m cs_metrics.glossary``."""

from __future__ import annotations

from collections.abc import Iterator

from cs_metrics.analysis.compare import DEFINITIONS, YEAR
from cs_metrics.analysis.risk import AT_RISK
from cs_metrics.dials import Dial, dials_of
from cs_metrics.health import LEAST_KNOWN, PARTS
from cs_metrics.metric import METRICS
from cs_metrics.signal import SIGNALS
from cs_metrics.tables import TABLES, columns, question
from cs_metrics.targets import TARGETS


def document() -> str:
    """The whole document, as Markdown."""
    return (
        "\n".join((*_opening(), *_metrics(), *_other_definitions(), *_signals(), *_health(), *_targets(), *_tables()))
        + "\n"
    )


def _opening() -> Iterator[str]:
    yield "# Definitions"
    yield "Made from the code by `make docs`; a test fails when it is stale.\n"


def _metrics() -> Iterator[str]:
    yield "## Figures"
    yield "Each is Σ top / Σ bottom over accounts; an amount has no bottom. Undefined is blank, never 0.\n"
    for metric in METRICS.values():
        prose = metric.details.partition(">>>")[0].strip()
        yield f"### {metric.label} (`{metric.name}`)"
        yield f"{metric.question} *{metric.sentence(3)}*" + (f"\n\n{prose}" if prose else "")
        yield f"\nSource: {metric.source}.\n"


def _other_definitions() -> Iterator[str]:
    yield "## Other definitions in use"
    yield "Side by side on the Retention page and by `compare`; those for a year are routes to its figure.\n"
    yield "| figure | definition | for | what is different |\n| --- | --- | --- | --- |"
    for each in DEFINITIONS:
        length = "a year" if each.only == YEAR else "any period"
        yield f"| {each.metric.label} | {each.words.format(period='period')} | {length} | {each.why} |"
    yield ""


def _signals() -> Iterator[str]:
    yield "## Signals"
    yield f"Risks are joined as 1 − Π (1 − weight); an account is at risk from {AT_RISK:.0%} on."
    yield "What may be set is named as in the table settings, with the value that ships.\n"
    yield "| signal | for | fires when | weight | reads | may be set |\n| --- | --- | --- | ---: | --- | --- |"
    for signal in SIGNALS.values():
        reads = ", ".join(need if isinstance(need, str) else " or ".join(need) for need in signal.needs) or "revenue"
        weight = f"{signal.weight:.0%}" if signal.weight else ""
        settable = _settable(signal.dials)
        yield f"| {signal.label} | {signal.purpose} | {signal.question} | {weight} | {reads} | {settable} |"
    yield ""


def _settable(dials: list[Dial]) -> str:
    return ", ".join(f"`{each.name}` {each.ships:g}" for each in dials)


def _health() -> Iterator[str]:
    yield "## Health score"
    least = LEAST_KNOWN.written(LEAST_KNOWN.ships)
    yield f"0 to 100, 100 = healthy. Below {least} of the weight known there is no score (`{LEAST_KNOWN.name}`)."
    yield f"Bands: {_settable(dials_of('health.band'))}.\n"
    yield "| part | weight | how | reads | may be set |\n| --- | ---: | --- | --- | --- |"
    for part in PARTS.values():
        yield f"| {part.label} | {part.weight:g} | {part.question} | {part.needs} | {_settable(part.dials)} |"
    yield ""


def _targets() -> Iterator[str]:
    yield "## Targets"
    yield "Of a year where the figure grows with the period: for a shorter one the pace that leads there, unless a"
    yield "quarter has its own. Set for everyone, a segment, a team or a CSM, in the table settings.\n"
    yield "| target | ships as | its source | may be set |\n| --- | ---: | --- | --- |"
    for target in TARGETS.values():
        ships = " to ".join(each.written(each.ships) for each in target.dials if each is not target.quarter)
        names = ", ".join(f"`{each.name}`" for each in target.dials)
        yield f"| {target.least.label.partition(':')[0]} | {ships} | {target.source} | {names} |"
    yield ""


def _tables() -> Iterator[str]:
    yield "## Tables"
    for row in TABLES.values():
        yield f"### {row.table}"
        yield f"{question(row)}\n\n| column | what it holds | needed |\n| --- | --- | --- |"
        for column in columns(row).values():
            yield f"| {column.name} | {column.help} | {'yes' if column.required else ''} |"
        yield ""


if __name__ == "__main__":
    print(document(), end="")
