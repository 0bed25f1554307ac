"""JSON objects as lists of members: what a mutation may repeat, reorder, and write oddly."""

import json


class Members(list):
    """An object: a list of [name, value]."""

    def at(self, name):
        """The value of a member."""
        return next(v for n, v in self if n == name)

    def put(self, name, value):
        """Give a member another value."""
        next(m for m in self if m[0] == name)[1] = value

    def names(self):
        return [n for n, _ in self]


def parse(text):
    return json.loads(text, object_pairs_hook=lambda pairs: Members([n, v] for n, v in pairs))


def write(value):
    """Compact JSON."""
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(n, ensure_ascii=False)}:{write(v)}" for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def plain(value):
    """The same as dicts; of a name that is there twice the last one stays."""
    if isinstance(value, Members):
        return {n: plain(v) for n, v in value}
    return [plain(v) for v in value] if isinstance(value, list) else value
