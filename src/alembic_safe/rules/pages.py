"""The documentation of rules as Markdown: a page a rule, the index, and the table of hazards."""

from __future__ import annotations

from alembic_safe.rules.catalogue import SECTIONS, WITHOUT_RULE, rules_of_hazards
from alembic_safe.rules.registry import FAMILIES, all_rules, family_of
from alembic_safe.rules.rule import Rule

_NOTE = "<!-- written by `python -m scripts.rule_pages docs/rules`; change the rule, not the page -->\n\n"

_TITLES = {"sqlite": "SQLite"}


def page(rule: Rule, unsafe: str = "", safe: str = "") -> str:
    """One rule. `unsafe` and `safe` are the sources of its examples."""
    contract = (
        "\nIt is a contract step: in a revision that says `# alembic-safe: phase contract` it passes once models do "
        "not map what goes, now and at the last run of other code.\n"
        if rule.contract
        else ""
    )
    parts = [
        _NOTE,
        f"# {rule.id}\n\n{rule.summary}\n\n",
        f"Severity: **{rule.severity.word}**. Hazard: {rule.hazard}. For: {', '.join(rule.dialects)}.\n\n",
        f"## Why\n\n{rule.why}\n{contract}\n",
        f"## Instead\n\n```python\n{rule.recipe}```\n\n",
        _example("Unsafe", unsafe),
        _example("Safe", safe),
        "## To let it pass\n\n",
        f"```python\n# alembic-safe: allow {rule.id} because <reason>\n```\n\n",
        f"on the statement's line or the one above it, or `--allow {rule.id}=<reason>` for one run.\n",
    ]
    if rule.covers:
        parts.append(f"\nCovers: {', '.join(f'`{c}`' for c in rule.covers)} ([all hazards](hazards.md)).\n")
    return "".join(parts)


def _example(title: str, source: str) -> str:
    return f"## {title}\n\n```python\n{source}```\n\n" if source else ""


def index() -> str:
    """All rules by family, with severity and hazard."""
    lines = [_NOTE, "# Rules\n\n", "What each hazard of the catalogue is found by: [hazards](hazards.md).\n"]
    for family in FAMILIES:
        title = _TITLES.get(family, family.capitalize())
        lines.append(f"\n## {title}\n\n| rule | severity | hazard | finds |\n|---|---|---|---|\n")
        for rule in all_rules().values():
            if family_of(rule) == family:
                kind = f"{rule.hazard}, contract" if rule.contract else rule.hazard
                lines.append(
                    f"| [{rule.id}]({rule.id}.md) | {rule.severity.word} | {kind} | {rule.summary} |\n"
                )
    return "".join(lines)


def hazard_table() -> str:
    """Every id of the catalogue with the rules that find it, or why none does."""
    found = rules_of_hazards()
    lines = [_NOTE, "# Hazards and their rules\n"]
    for section, ids in SECTIONS.items():
        lines.append(f"\n## {section}\n\n| hazard | found by |\n|---|---|\n")
        for hazard in ids:
            by = ", ".join(f"[{rule}]({rule}.md)" for rule in found[hazard])
            lines.append(f"| `{hazard}` | {by or WITHOUT_RULE[hazard]} |\n")
    return "".join(lines)
