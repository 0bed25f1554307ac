"""Where the two implementations part on mutated files, and why. docs/interop.md has the same as a table."""

SERVED, REFUSED, OTHER = "served", "refused", "OTHER BYTES"
UNCHECKED = f"{REFUSED} ({OTHER} by deserialize)"
# One byte of ciphertext with one bit turned over is the plaintext now and then.
BY_CHANCE = f"{REFUSED} ({SERVED} by deserialize)"

# (mutations whose names begin so, ours, theirs) -> why
REASONS = {
    (("a bit of data", "a bit of ivs, signed", "a bit of tags, signed", "data of another file", "tensors swapped",
      "offsets swapped, signed", "entries swapped, signed", "chunks swapped", "chunks and tags swapped, signed",
      "an entry of another file, signed", "metadata of another file"), REFUSED, (UNCHECKED, BY_CHANCE)):
        "their deserialize() gives ciphertext out when a tag does not match; their safe_open() refuses",
    (("all reserved metadata removed",), REFUSED, (OTHER, SERVED)):  # SERVED: what was encrypted has hardly a byte
        "nothing says that it was encrypted: refused here where CTSHIM_REQUIRE=encrypted asks for that",
    (("a field removed", "a field renamed", "a bit of the header"), REFUSED, (OTHER, SERVED)):
        "without __encryption__ they take it for a plain file; any of the four reserved names marks it here",
    (("a field twice",), REFUSED, (SERVED,)):
        "a repeated name: they take the last one, we refuse to guess",
    (("a field more",), REFUSED, (SERVED,)):
        "a member that the format does not know, where the signature does not cover it: they ignore it",
    (("a bit of the tag of no bytes",), SERVED, (BY_CHANCE,)):
        "no byte of that tensor is asked for, so its tag is not; the command `verify` asks for every tag",
}


def explained(name, ours, theirs):
    """Is it one verdict, or are there words for the difference?"""
    return ours == theirs or any(
        name.startswith(names) and (ours, theirs) in {(here, there) for there in theres}
        for names, here, theres in REASONS)
