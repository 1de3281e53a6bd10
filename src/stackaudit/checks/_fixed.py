"""Tells by an address alone whether what lies behind it stays the same."""

import re

_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?(?![\w-])"
_COMMIT = re.compile(rf"(?:@|/(?:archive|get|(?:legacy\.)?(?:zip|tar\.gz)|zipball|tarball)/){_ID}", re.IGNORECASE)
# Installers hold no clone against a hash in its address.
_HASH = re.compile(
    r"(?!\w+\+).*[#&]sha(?:256=[0-9a-f]{64}|384=[0-9a-f]{96}|512=[0-9a-f]{128})(?![0-9a-f])", re.IGNORECASE
)


def fixed_to(source: str) -> str | None:
    """What holds the content behind `source`: a full commit, or the hash that installers hold the file against; None where it may change.

    Commits stand behind git's `@`, and in the addresses of the archives that GitHub, GitLab and Bitbucket make of them.
    """
    if _HASH.match(source):
        return "a hash"
    return "a commit" if _COMMIT.search(source) else None
