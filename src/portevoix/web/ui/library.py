"""The one template library that all components register with."""

from django import template

register = template.Library()
