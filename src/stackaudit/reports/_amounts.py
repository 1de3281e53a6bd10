"""Says seconds and bytes as people read them."""

_KIB = 1024


def seconds(value: float) -> str:
    """`0.05 ms`, `7.9 ms`, `1.33 s`: as many digits as such a measurement is worth."""
    # As a record keeps it: the document of a record is that of the audit itself.
    exact = round(value, 6)
    if exact >= 1:
        return f"{exact:.2f} s"
    return f"{exact * 1000:.2f} ms" if exact < 0.001 else f"{exact * 1000:.1f} ms"  # noqa: PLR2004 - a millisecond


def size(value: float) -> str:
    """`14.2 MiB` of `value` bytes."""
    return f"{round(value) / _KIB / _KIB:.1f} MiB"
