"""numpy: maps, reads through a FILE, arrays made of bytes."""

import numpy as np

from checks import equal, main, same


def check_memmap_read(c):
    m = np.memmap(c.model, np.uint8, mode="r")
    equal(m, c.expected)


def check_memmap_offsets(c):
    """One map for each tensor, at offsets that are multiples of nothing, all of them alive at once."""
    maps = []
    for at, length in ((8, 100), (4096, 8192), (4097, 1), (12288 + 3, 50001), (c.size // 2 + 1, 70001),
                       (c.size - 5, 5)):
        for mode in ("r", "c"):
            maps.append((at, length, np.memmap(c.model, np.uint8, mode=mode, offset=at, shape=(length,))))
    for at, length, m in maps:
        equal(m, c.expected[at:at + length], f"{length} at {at}")


def check_memmap_types(c):
    at = c.size // 8 // 8 * 8
    for dtype, shape in ((np.float32, (16, 25)), (np.int64, (77,)), (np.float16, (3, 5, 7))):
        m = np.memmap(c.model, dtype, mode="r", offset=at, shape=shape)
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        equal(m.tobytes(), c.expected[at:at + count])


def check_memmap_copy_on_write(c):
    m = np.memmap(c.model, np.uint8, mode="c")
    m[:1000] = 7
    m[-1] = c.expected[-1] ^ 0xff
    equal(m[:1000], b"\x07" * 1000)
    equal(m[1000:-1], c.expected[1000:-1])
    equal(np.memmap(c.model, np.uint8, mode="r"), c.expected)
    equal(np.fromfile(c.model, np.uint8), c.expected)


def check_memmap_of_an_open_file(c):
    with open(c.model, "rb") as f:
        m = np.memmap(f, np.uint8, mode="r", offset=c.data + 5000, shape=(3000,))
    equal(m, c.expected[c.data + 5000:c.data + 8000])


def check_fromfile(c):
    equal(np.fromfile(c.model, np.uint8), c.expected)
    equal(np.fromfile(c.model, "<u4", count=1001, offset=12).tobytes(), c.expected[12:12 + 4004])


def check_fromfile_of_an_open_file(c):
    """numpy makes a FILE of a duplicate, and sets the position of the first one afterwards."""
    with open(c.model, "rb") as f:
        f.seek(1234)
        equal(np.fromfile(f, np.uint8, count=5000), c.expected[1234:6234])
        same(f.tell(), 6234)
        equal(f.read(100), c.expected[6234:6334])
        equal(np.fromfile(f, np.uint8), c.expected[6334:])


def check_frombuffer(c):
    with open(c.model, "rb") as f:
        equal(np.frombuffer(f.read(), np.uint8), c.expected)


def check_tofile_of_a_map(c):
    """The mapping's memory goes to the kernel."""
    np.memmap(c.model, np.uint8, mode="r").tofile(c.path("tofile"))
    with open(c.path("tofile"), "rb") as f:
        equal(f.read(), c.expected)


def check_sum(c):
    """Computing with mapped numbers gives the same numbers."""
    at = c.size // 2 // 8 * 8
    m = np.memmap(c.model, np.uint16, mode="r", offset=at, shape=(10000,))
    same(int(m.astype(np.uint64).sum()),
         int(np.frombuffer(c.expected[at:at + 20000], np.uint16).astype(np.uint64).sum()))


if __name__ == "__main__":
    main(globals())
