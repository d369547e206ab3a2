"""What all forms of the settings share."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)


class PlainForm(forms.Form):
    """Errors are ours (the pages say `novalidate`), so the browser is not told what is required."""

    use_required_attribute = False


class RowForm(forms.ModelForm[M], Generic[M]):
    """A form of one row."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, given in self.fields.items():
            label = str(given.label or name)
            given.label = label[:1].upper() + label[1:]
            given.error_messages.setdefault("required", _("Remplissez ce champ."))
            if given.required:
                given.error_messages["required"] = _("Remplissez ce champ.")
            if isinstance(given, forms.ModelChoiceField):
                given.error_messages["required"] = _("Choisissez une réponse.")
