"""A version row whose file this checkout lacks: the two ways on, with the commit that has it where git knows. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from alembic_safe.model.recovery import BY_HAND, Evidence, LostRevision, Remedy

_BY_CODE = (
    "to keep what it made: deploy the code that has it, nothing need be done to the database",
    "to take it back: with its file in place, `alembic-safe downgrade` to a revision of this checkout",
)


def bring_file_back(evidence: Evidence, leads_to: tuple[str, ...]) -> Remedy:
    """The remedy where the version rows name what this checkout has no file for."""
    steps: list[str] = []
    for one in evidence.lost:
        if one.commit:
            steps += _by_git(one)
        elif one.text:
            steps.append(
                f"the journal has the text of {one.revision} (`recover --format json` shows it, sha256 {one.checksum}):"
                " for reading; a file of that hash, from a colleague or an older image, is the one that was run"
            )
        else:
            # the row is whatever somebody wrote, and a person pastes this into a shell
            pattern = shlex.quote(f"^revision.*{re.escape(one.revision)}")
            steps.append(f"git log --all --oneline -G {pattern}  (in the repository that had it)")
    return Remedy(
        "bring-file-back",
        "Use the checkout that has the revision, or bring its file back, and downgrade from it if that is meant.",
        steps=(*steps, *(() if any(one.commit for one in evidence.lost) else _BY_CODE)),
        loses=("where it is taken back: what `alembic-safe downgrade` says before it does anything",),
        hindered=BY_HAND,
        leads_to=leads_to,
    )


def _by_git(one: LostRevision) -> Iterator[str]:
    """Both ways on from a revision whose commit is known: nothing but its code is missing."""
    commit, on = one.commit[:12], f" (on {', '.join(one.branches[:3])})" if one.branches else ""
    keep = f"to keep what {one.revision} made: deploy code that has commit {commit}{on}"
    yield f"{keep}; nothing need be done to the database"
    down = f"`alembic-safe downgrade {shlex.quote(one.meets[0]) if len(one.meets) == 1 else 'REVISION'}`"
    if set(one.follows) == set(one.meets):
        there, here = shlex.quote(f"{commit}:{one.path}"), shlex.quote(one.path)
        file = f"`git show {there} > {here}` in the repository's root ({_same(one)})"
        yield f"to take it back: {file}, then {down}"
    else:
        yield (
            f"to take it back, with what lies between it and this checkout: in a checkout of {commit}"
            f" (`git worktree add ../{commit} {commit}`; {_same(one)}), {down}"
        )


def _same(one: LostRevision) -> str:
    """Whether what git has is what was run."""
    if one.checksum is None:
        return "no run in the journal applied it, so that nothing says whether this is what was run"
    return (
        "the very text that was run"
        if one.same
        else "NOT the text that was run: the journal has another hash"
    )
