"""A file that arrives in chunks: what is said of it first, and what each chunk must be."""

import hashlib
from typing import Any

from django import forms

from assessments import values
from assessments.forms.evidence import LONGEST_NAME, require_size

MOST_AT_ONCE = 1024 * 1024  # bytes of one chunk


class UploadForm(forms.Form):
    """What the device says of the file: how it goes on after a cut is known by all of it."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0)
    fingerprint = forms.RegexField(r"\A[0-9a-f]{64}\Z")
    source = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    is_confidential = forms.BooleanField(required=False)

    def clean_name(self) -> str:
        return values.clean_text(self.cleaned_data["name"])[-LONGEST_NAME:]

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                require_size(self.cleaned_data["name"], self.cleaned_data["size"])
            except values.ImpossibleValue as problem:
                raise forms.ValidationError(str(problem)) from problem
        return self.cleaned_data


class ChunkForm(forms.Form):
    offset = forms.IntegerField(min_value=0, max_value=2**62)
    sha256 = forms.CharField(max_length=64)


def is_whole(chunk: bytes, sha256: str) -> bool:
    return hashlib.sha256(chunk).hexdigest() == sha256
