"""Numbers as pages write them."""

import pytest
from django.utils import translation

from toolkit.templatetags.framework import file_size


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (1, "1 KB", "1 Ko"), (1_499, "1 KB", "1 Ko"), (1_500, "2 KB", "2 Ko"), (819_600, "820 KB", "820 Ko"),
        (1_000_000, "1.0 MB", "1,0 Mo"), (1_049_999, "1.0 MB", "1,0 Mo"), (3_150_000, "3.2 MB", "3,2 Mo"),
        (52_428_800, "52.4 MB", "52,4 Mo"),
    ],
)  # fmt: skip
def test_a_size_is_rounded_half_up_in_the_readers_notation(size, english, french):
    for language, words in (("en", english), ("fr", french)):
        with translation.override(language):
            assert file_size(size).replace("\u00a0", " ") == words
