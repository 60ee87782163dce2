"""The options of `recover`: which target, which remedy, why, and where the evidence goes."""

from __future__ import annotations

from alembic_safe.settings.option import FLAG_ONLY, IDENTIFYING, RECOVER, Option

OF_RECOVERY: tuple[Option, ...] = (
    Option(
        "apply",
        "text",
        "Carry out this remedy, of those that `recover` offers.",
        (RECOVER,),
        FLAG_ONLY,
        metavar="REMEDY",
    ),
    Option(
        "target",
        "text",
        "Only this target of several, by the label that `status` shows it under.",
        (RECOVER, *IDENTIFYING),
        FLAG_ONLY,
        metavar="LABEL",
    ),
    Option(
        "because",
        "reason",
        "Why a remedy is right that nothing proves. The reason is written to the journal.",
        (RECOVER,),
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "explain-only",
        "switch",
        "Only explain, with a session that cannot write: for a role that may only read.",
        (RECOVER,),
        FLAG_ONLY,
    ),
    Option(
        "bundle",
        "path",
        "Also write evidence, time line, remedies, runs and settings to FILE, masked, for a colleague.",
        (RECOVER,),
        FLAG_ONLY,
        metavar="FILE",
    ),
)
