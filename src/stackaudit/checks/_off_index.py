"""What is said of a package that the package index does not know."""

NOT_ON_INDEX = (
    "the package index does not know it; where it is private, no public source of advisories can know it either"
)
OTHER_INDEX = "its lock takes it from an index of its own, and the source of advisories, which knows public packages, knows nothing of it"
"""Why nothing said of a package is no pass, though the source was asked."""
FOLLOW = "follow its releases and its advisories where it comes from"
SAY_PRIVATE = f"{FOLLOW}; where it is public, see which index pip asks: `pip config list`"
