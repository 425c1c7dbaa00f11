"""Fields that customer pages and the dock share: photos, and answers that only some reasons ask for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.base import File

from oms.refusals import Refused
from returns import photos


class _Asked:
    """Drawn as needed, and checked by the form: only the chosen reason says whether it is."""

    def clean(self, value: Any, *more: Any) -> Any:
        self.required = False
        try:
            return super().clean(value, *more)  # type: ignore[misc]
        finally:
            self.required = True


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several photos, redrawn: the cleaned value is a list of `photos.Picture`."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", _SeveralFiles(attrs={"accept": "image/jpeg,image/png,image/webp", "class": "file"})
        )
        super().__init__(**options)

    def clean(self, data: Sequence[File] | None, initial: Any = None) -> list[photos.Picture]:
        uploads = [upload for upload in data or () if upload]
        if len(uploads) > photos.MAX_PER_LINE:
            raise forms.ValidationError(str(photos.TooManyPhotos(most=photos.MAX_PER_LINE)), code="too_many_photos")
        return [self._redrawn(upload) for upload in uploads]

    def _redrawn(self, upload: File) -> photos.Picture:
        try:
            return photos.clean(upload)
        except Refused as refused:
            raise forms.ValidationError(str(refused), code=refused.code) from None


class AskedPhotosField(_Asked, PhotosField):
    pass


class AskedChoiceField(_Asked, forms.ChoiceField):
    pass


class AskedTextField(_Asked, forms.CharField):
    pass
