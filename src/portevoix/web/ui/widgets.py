"""Form controls: which class they wear and what describes them."""

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

_CLASSES = {"select": "form-select", "text": "form-control", "file": "form-control", "check": "choice-input"}


def input_class(bound: BoundField) -> str:
    """The kind of control: text, select, check, group (radios or boxes), file, hidden."""
    widget = bound.field.widget
    if bound.is_hidden:
        return "hidden"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.ClearableFileInput | forms.FileInput):
        return "file"
    return "select" if isinstance(widget, forms.Select) else "text"


def described(bound: BoundField, kind: str) -> SafeString:
    """The control with its class, its help and its error as description, and `aria-invalid` when wrong."""
    if kind == "group":
        return SafeString("")
    base = bound.id_for_label or bound.auto_id
    described_by = []
    if bound.help_text:
        described_by.append(f"{base}_help")
    if bound.errors:
        described_by.append(f"{base}_error")
    given = bound.field.widget.attrs
    attrs: dict[str, str | bool] = {"class": f"{_CLASSES.get(kind, '')} {given.get('class', '')}".strip()}
    if bound.errors:
        attrs["class"] = f"{attrs['class']} is-invalid"
        attrs["aria-invalid"] = "true"
    if described_by:
        attrs["aria-describedby"] = " ".join(described_by)
    return SafeString(bound.as_widget(attrs=attrs))
