"""What may happen to a file, by accident or by somebody who has no keys: each function changes a valid file
in one way, drawn at random. Where `signed` is drawn, the owner signs the changed header again: so that what lies
behind the signature is tried too."""

import base64

import sealer
from pairs import Members, parse, plain, write
from plain import odd_json
from reference import RESERVED, data_start, header_text

STRIPPED = "all reserved metadata removed"
EMPTY_TAG = "a bit of the tag of no bytes, signed again"
ENTRY_BITS = {"wrapped keys": ("wrapped_key", "key_iv", "key_tag"), "ivs": ("iv", "base_iv"), "tags": ("tag", "tags")}


class NotHere(Exception):
    """This file has nothing that could be changed so."""


def pick(rng, found):
    if not found:
        raise NotHere
    return rng.choice(found)


class File:
    """A file taken apart."""

    def __init__(self, base):
        self.base, self.data = base, base.data
        self.head = parse(header_text(self.data))
        self.body = self.data[data_start(self.data):]
        self.meta = self.head.at("__metadata__")
        self.entries = parse(self.meta.at("__encryption__"))

    def sign(self):
        keys = self.base.case.keys
        head = plain(self.head)
        sealer.sign(head, {"keys": [keys.master, keys.signer]})
        self.meta.put("__signature__", head["__metadata__"]["__signature__"])

    def join(self, text=None, body=None):
        """The file again; the header keeps its length when it fits."""
        text = (write(self.head) if text is None else text).encode()
        text = text.ljust(data_start(self.data) - 8)
        return len(text).to_bytes(8, "little") + text + (self.body if body is None else body)

    def with_entries(self, signed=False):
        self.meta.put("__encryption__", write(self.entries))
        if signed:
            self.sign()
        return self.join()

    def span(self, name):
        return self.head.at(name).at("data_offsets")

    def sealed(self, least=1):
        """Encrypted tensors of some size."""
        return [n for n in self.entries.names() if self.span(n)[1] - self.span(n)[0] >= least]

    def twins(self, rng):
        """Two encrypted tensors of one size."""
        sized = self.sealed()
        return pick(rng, [(a, b) for a in sized for b in sized if a < b
                          and self.span(a)[1] - self.span(a)[0] == self.span(b)[1] - self.span(b)[0]])


def exchanged(body, a, b, size):
    """`body` with the `size` bytes at a and at b exchanged."""
    first, second = body[a:a + size], body[b:b + size]
    body = body[:a] + second + body[a + size:]
    return body[:b] + first + body[b + size:]


def flipped(text, rng):
    """Base64 of the same bytes but for one bit."""
    data = base64.b64decode(text)
    if not data:
        raise NotHere
    return base64.b64encode(sealer.flip(data, rng.randrange(len(data)), rng.randrange(8))).decode()


def bit_of_length(rng, a, b):
    return sealer.flip(a.data, rng.randrange(8), rng.randrange(8))


def bit_of_header(rng, a, b):
    return sealer.flip(a.data, 8 + rng.randrange(len(header_text(a.data))), rng.randrange(8))


def bit_of_padding(rng, a, b):
    used, end = 8 + len(header_text(a.data)), data_start(a.data)
    if used == end:
        raise NotHere
    return sealer.flip(a.data, rng.randrange(used, end), rng.randrange(8))


def bit_of_signature(rng, a, b):
    f = File(a)
    f.meta.put("__signature__", flipped(f.meta.at("__signature__"), rng))
    return f.join()


def bit_of_entry(fields, signed):
    def change(rng, a, b):
        f = File(a)
        entry = f.entries.at(pick(rng, f.sealed()))
        field = pick(rng, [n for n in entry.names() if n in fields])
        entry.put(field, flipped(entry.at(field), rng))
        return f.with_entries(signed)
    return change


def bit_of_empty_tag(rng, a, b):
    """A tensor of no bytes has a tag too, in version 2."""
    f = File(a)
    entry = f.entries.at(pick(rng, [n for n in f.entries.names() if n not in f.sealed()]))
    if "tags" not in entry.names():
        raise NotHere
    entry.put("tags", flipped(entry.at("tags"), rng))
    return f.with_entries(signed=True)


def bit_of_data(rng, a, b):
    f = File(a)
    start, end = f.span(pick(rng, f.sealed()))
    return sealer.flip(a.data, data_start(a.data) + rng.randrange(start, end), rng.randrange(8))


def truncation(rng, a, b):
    edges = [0, 1, 7, 8, 9, 16, 17, data_start(a.data) - 1, data_start(a.data), data_start(a.data) + 1, len(a.data) - 1]
    return a.data[:rng.choice(edges) if rng.random() < .3 else rng.randrange(len(a.data))]


def growth(rng, a, b):
    more = rng.choice([bytes, rng.randbytes])(rng.choice([1, 7, 8, 16, 100, 4096]))
    at = rng.choice([0, 8, data_start(a.data), len(a.data), len(a.data)])
    return a.data[:at] + more + a.data[at:]


def swapped_tensors(rng, a, b):
    f = File(a)
    one, two = f.twins(rng)
    return f.join(body=exchanged(f.body, f.span(one)[0], f.span(two)[0], f.span(one)[1] - f.span(one)[0]))


def swapped_offsets(signed):
    def change(rng, a, b):
        f = File(a)
        one, two = f.twins(rng)
        spans = f.span(one), f.span(two)
        f.head.at(one).put("data_offsets", spans[1]), f.head.at(two).put("data_offsets", spans[0])
        if signed:
            f.sign()
        return f.join()
    return change


def swapped_entries(signed):
    def change(rng, a, b):
        f = File(a)
        one, two = f.twins(rng)
        entries = f.entries.at(one), f.entries.at(two)
        f.entries.put(one, entries[1]), f.entries.put(two, entries[0])
        return f.with_entries(signed)
    return change


def swapped_tensors_and_entries(rng, a, b):
    f = File(a)
    one, two = f.twins(rng)
    f.body = exchanged(f.body, f.span(one)[0], f.span(two)[0], f.span(one)[1] - f.span(one)[0])
    entries = f.entries.at(one), f.entries.at(two)
    f.entries.put(one, entries[1]), f.entries.put(two, entries[0])
    return f.with_entries()


def swapped_chunks(tags, signed):
    """Two whole chunks of a tensor change places; `tags`: their tags too."""
    def change(rng, a, b):
        f, chunk = File(a), a.case.chunk
        name = pick(rng, f.sealed(2 * chunk) if chunk else [])
        start, end = f.span(name)
        one, two = rng.sample(range((end - start) // chunk), 2)
        f.body = exchanged(f.body, start + min(one, two) * chunk, start + max(one, two) * chunk, chunk)
        if tags:
            entry = f.entries.at(name)
            kept = base64.b64decode(entry.at("tags"))
            entry.put("tags", base64.b64encode(exchanged(kept, 16 * min(one, two), 16 * max(one, two), 16)).decode())
        return f.with_entries(signed) if tags else f.join()
    return change


def entry_of_other(data, signed):
    """A tensor's entry, and with `data` its bytes, from the other file of the same keys."""
    def change(rng, a, b):
        f, other = File(a), File(b)
        name = pick(rng, f.sealed())
        f.entries.put(name, other.entries.at(name))
        if data:
            start, end = f.span(name)
            f.body = f.body[:start] + other.body[start:end] + f.body[end:]
        return f.with_entries(signed and not data)
    return change


def member_of_other(rng, a, b):
    """One of the reserved texts, or all metadata, or the whole header, from the other file."""
    f, other = File(a), File(b)
    what = rng.choice(["__encryption__", "__signature__", "all", "header"])
    if what == "header":
        return b.data[:data_start(b.data)] + f.body
    if what == "all":
        f.head.put("__metadata__", other.meta)
    else:
        f.meta.put(what, other.meta.at(what))
    return f.join()


def data_of_other(rng, a, b):
    f, other = File(a), File(b)
    start, end = f.span(pick(rng, f.sealed()))
    return f.join(body=f.body[:start] + other.body[start:end] + f.body[end:])


def inside(f, rng):
    """Somewhere in the header: (members, how to write the change back)."""
    keys, policy = parse(f.meta.at("__crypto_keys__")), parse(f.meta.at("__policy__"))
    tensor = rng.choice([n for n in f.head.names() if n != "__metadata__"])

    def back(name, value):
        return lambda: f.meta.put(name, write(value))

    entry = f.entries.at(pick(rng, f.entries.names()))
    return rng.choice([
        (f.meta, None), (f.meta, None), (f.head, None), (f.head.at(tensor), None),
        (f.entries, back("__encryption__", f.entries)), (entry, back("__encryption__", f.entries)),
        (keys, back("__crypto_keys__", keys)), (keys.at("enc"), back("__crypto_keys__", keys)),
        (keys.at("sign"), back("__crypto_keys__", keys)), (policy, back("__policy__", policy))])


def field(change):
    """`change(rng, members)` somewhere in the header."""
    def mutation(rng, a, b):
        f = File(a)
        members, back = inside(f, rng)
        if not members:
            raise NotHere
        change(rng, members)
        if back:
            back()
        if f.meta not in [v for _, v in f.head] or not set(RESERVED) & set(f.meta.names()):
            raise NotHere  # nothing says any more that it was encrypted: see `stripped`
        return f.join()
    return mutation


def remove(rng, members):
    del members[rng.randrange(len(members))]


def double(rng, members):
    member = rng.choice(members)
    members.insert(rng.randrange(len(members) + 1), list(member))


def double_differently(rng, members):
    name, value = rng.choice(members)
    other = value[:-1] if isinstance(value, (str, list)) and not isinstance(value, Members) else Members()
    members.insert(rng.randrange(len(members) + 1), [name, other])


def rename(rng, members):
    member = rng.choice(members)
    member[0] = rng.choice([member[0].upper() + "X", member[0] + " ", "_" + member[0], ""])


def retype(rng, members):
    member = rng.choice(members)
    member[1] = rng.choice([None, 0, "", True, Members(), [], [member[1]], -1, 1.5])


def add(rng, members):
    members.insert(rng.randrange(len(members) + 1), ["another", rng.choice(["", 1, None, Members()])])


def reordered(rng, a, b):
    """Another order of what has none: metadata, the header's tensors, the fields of each."""
    f = File(a)
    for members in (f.meta, f.head, *(v for n, v in f.head if n != "__metadata__")):
        rng.shuffle(members)
    return f.join()


def respaced(rng, a, b):
    """White space, and characters written otherwise, where JSON allows that; the order is as it was."""
    f = File(a)

    class Kept:  # `odd_json` shuffles: not here
        def __getattr__(self, name):
            return getattr(rng, name)

        def shuffle(self, members):
            pass

    return f.join(odd_json(plain(f.head), Kept()))


def respaced_inside(rng, a, b):
    """White space inside one of the texts that the signature covers."""
    f = File(a)
    name = rng.choice(RESERVED[:3])
    f.meta.put(name, f.meta.at(name).replace(":", rng.choice([": ", " :", ":\n"]), 1))
    return f.join()


def stripped(rng, a, b):
    """All that says that it was encrypted is gone: only CTSHIM_REQUIRE can know."""
    f = File(a)
    f.meta[:] = [m for m in f.meta if m[0] not in RESERVED]
    if rng.random() < .5:
        f.head[:] = [m for m in f.head if m[0] != "__metadata__"]
    return f.join()


def numbers(rng, a, b):
    """The same numbers in the header, written otherwise."""
    f = File(a)
    text = write(f.head)
    start, end = f.span(pick(rng, f.sealed()))
    old = f"[{start},{end}]"
    at = text.index(f'"data_offsets":{old}') + len('"data_offsets":')
    new = rng.choice([f"[{start}.0,{end}]", f"[{start},{end}e0]", f"[0{start},{end}]", f"[{start},{end + (1 << 64)}]",
                      f"[-{start},{end}]", f"[+{start},{end}]", f"[{start},{end},]", f"[ {start} , {end} ]"])
    return f.join(text[:at] + new + text[at + len(old):])


MUTATIONS = {
    "a bit of the length": bit_of_length,
    "a bit of the header": bit_of_header,
    "a bit of the padding": bit_of_padding,
    "a bit of the signature": bit_of_signature,
    **{f"a bit of {what}{', signed again' * signed}": bit_of_entry(fields, signed)
       for what, fields in ENTRY_BITS.items() for signed in (False, True)},
    EMPTY_TAG: bit_of_empty_tag,
    "a bit of data": bit_of_data,
    "truncated": truncation,
    "grown": growth,
    "tensors swapped": swapped_tensors,
    "offsets swapped": swapped_offsets(False),
    "offsets swapped, signed again": swapped_offsets(True),
    "entries swapped": swapped_entries(False),
    "entries swapped, signed again": swapped_entries(True),
    "tensors and entries swapped": swapped_tensors_and_entries,
    "chunks swapped": swapped_chunks(False, False),
    "chunks and tags swapped": swapped_chunks(True, False),
    "chunks and tags swapped, signed again": swapped_chunks(True, True),
    "an entry of another file": entry_of_other(False, False),
    "an entry of another file, signed again": entry_of_other(False, True),
    "an entry and its data of another file": entry_of_other(True, False),
    "metadata of another file": member_of_other,
    "data of another file": data_of_other,
    "a field removed": field(remove),
    "a field twice": field(double),
    "a field twice, differently": field(double_differently),
    "a field renamed": field(rename),
    "a field of another type": field(retype),
    "a field more": field(add),
    "reordered": reordered,
    "respaced": respaced,
    "respaced inside a signed text": respaced_inside,
    STRIPPED: stripped,
    "numbers written otherwise": numbers,
}
