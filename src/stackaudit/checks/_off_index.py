"""What is said of a package that the package index does not know."""

NOT_ON_INDEX = (
    "the package index does not know it; where it is private, no public source of advisories can know it either"
)
SAY_PRIVATE = "follow its releases and its advisories where it comes from; where it is public, see which index pip asks: `pip config list`"
