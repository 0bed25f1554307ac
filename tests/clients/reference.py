"""The oracle: what the shim must show, worked out from the plain file alone.

It shares no code with the project and needs no key: the plaintext image of an encrypted file is
the plain file, with its header padded to the length that the encrypted file's header has.
"""

import json

RESERVED = ("__crypto_keys__", "__encryption__", "__policy__", "__signature__")


def header_text(data):
    """The header's JSON as it stands in the file, without the padding behind it."""
    length = int.from_bytes(data[:8], "little")
    return data[8:8 + length].rstrip(b" \t\r\n")


def data_start(data):
    return 8 + int.from_bytes(data[:8], "little")


def header(data):
    return json.loads(header_text(data))


def tensors(data):
    """name -> (dtype, shape, bytes), in the header's order."""
    start = data_start(data)
    return {
        name: (t["dtype"], tuple(t["shape"]),
               data[start + t["data_offsets"][0]:start + t["data_offsets"][1]])
        for name, t in header(data).items() if name != "__metadata__"
    }


def metadata(data):
    """What a program sees as the file's metadata; None when there is none."""
    return header(data).get("__metadata__")


def compact(value):
    """JSON as stock writers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def image(plain, encrypted):
    """The plaintext image of `encrypted`, which was made from `plain`."""
    length = int.from_bytes(encrypted[:8], "little")
    text = header_text(plain)
    assert text == compact(json.loads(text)), "the plain file is not as stock writers write it"
    shown = encrypted[:8] + text.ljust(length) + plain[data_start(plain):]
    assert len(text) <= length and len(shown) == len(encrypted), \
        "the encrypted file's length is not that of its plaintext image"
    return shown


def difference(got, want):
    """Where two byte strings part, in words; None when they are equal."""
    if got == want:
        return None
    if len(got) != len(want):
        return f"{len(got)} bytes instead of {len(want)}"
    at = next(i for i in range(len(got)) if got[i] != want[i])
    return f"byte {at} is {got[at]:#04x} instead of {want[at]:#04x}"
