"""How texts, arrays and JSON are matched: patterns, searches, containment, places. Nothing here is null."""

import re

from values import Decimal, json_equal


def like(text, pattern, fold):
    """Matches an SQL pattern against the whole text."""
    if fold:
        text, pattern = text.lower(), pattern.lower()
    expression, characters = "", iter(pattern)
    for character in characters:
        if character == "\\":
            expression += re.escape(next(characters))
        else:
            expression += {"%": ".*", "_": "."}.get(character, re.escape(character))
    return re.fullmatch(expression, text, re.DOTALL) is not None


def matches(text, expression, fold):
    """Matches a regular expression somewhere; `$` is the end of the text alone."""
    return re.search(expression.replace("$", r"\Z"), text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def search(text, sought):
    """Looks for words, "phrases", or, -without, by the configuration `simple`; texts are drawn so that a word is a run of letters."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", text)]

    def has(phrase):
        return any(words[start:start + len(phrase)] == phrase for start in range(len(words)))

    alternatives = [[]]
    terms = re.findall(r'(-?)(?:"([^"]*)"|([^\W\d_]+))', sought)
    for place, (sign, phrase, word) in enumerate(terms):
        # Only between two others is it no word itself.
        if word.lower() == "or" and not sign and alternatives[-1] and place < len(terms) - 1:
            alternatives.append([])
        else:
            alternatives[-1].append((sign == "-", (phrase or word).lower().split()))
    return any(part and all(has(phrase) != without for without, phrase in part) for part in alternatives)


def json_contains(outer, inner):
    """Whether `outer @> inner`, inside of which an array contains an element that contains, in any order."""
    if isinstance(outer, dict) and isinstance(inner, dict):
        return all(key in outer and json_contains(outer[key], inner[key]) for key in inner)
    if isinstance(outer, list) and isinstance(inner, list):
        return all(any(json_contains(one, item) for one in outer) for item in inner)
    return not isinstance(outer, (dict, list)) and json_equal(outer, inner)


def json_place(value, steps):
    """Returns what is at the place, or None."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and re.fullmatch(r"-?\d+", step) and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def json_kind(value):
    return Decimal if isinstance(value, Decimal) else type(value)
