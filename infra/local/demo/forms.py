"""The forms of an HTML page, as a browser without JavaScript sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    """What is sent unless the player chooses otherwise."""
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Of radio buttons and lists."""
    buttons: dict[str, list[str]] = field(default_factory=dict)


def forms_of(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif self.forms:
            self._control(self.forms[-1], tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._list = name
        elif tag == "option":
            self._choice(form, self._list, value, "selected" in given)
        elif tag == "input" and given.get("type") == "radio":
            self._choice(form, name, value, "checked" in given)
        elif tag == "button" or given.get("type") == "submit":
            form.buttons.setdefault(name, []).append(value)
        elif tag == "input" and name:
            form.fields[name] = value

    def _choice(self, form: Form, name: str, value: str, chosen: bool) -> None:
        form.choices.setdefault(name, []).append(value)
        if chosen:
            form.fields[name] = value
