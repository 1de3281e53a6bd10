"""A picture is as large as its bytes say, and one that was cut off is no picture."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.probes._pictures import jpeg_size, ppm_size

APP0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x03" + bytes(9)
    return b"\xff\xd8" + APP0 + frame + b"\xff\xda\x00\x02" + b"\x00" * 40 + b"\xff\xd9"


@settings(max_examples=50)
@given(st.integers(1, 65535), st.integers(1, 65535))
def test_the_size_in_the_header_is_the_size(width: int, height: int) -> None:
    assert jpeg_size(jpeg(width, height)) == (width, height)


@settings(max_examples=50)
@given(st.integers(1, 9), st.integers(1, 9))
def test_a_ppm_must_hold_all_its_pixels(width: int, height: int) -> None:
    whole = b"P6\n%d %d\n255\n" % (width, height) + bytes(3 * width * height)
    assert ppm_size(whole) == (width, height)
    assert ppm_size(whole[:-1]) is None


def test_a_jpeg_that_was_cut_off_is_none() -> None:
    assert jpeg_size(jpeg(160, 120)[:-2]) is None


@settings(max_examples=200)
@given(st.binary(), st.binary(max_size=40))
def test_no_bytes_break_the_readers(data: bytes, middle: bytes) -> None:
    assert ppm_size(data) is None or data.startswith(b"P6")
    assert jpeg_size(data) is None or data.startswith(b"\xff\xd8")
    found = jpeg_size(b"\xff\xd8\xff" + middle + b"\xff\xd9")
    assert found is None or all(found)
