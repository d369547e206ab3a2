"""The look: base page, components, tokens, icons, small browser modules. See docs/ui.md."""
