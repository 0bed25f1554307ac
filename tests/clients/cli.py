"""What the tests of the command share."""

# Format version, --alg, --chunk-size.
VARIANTS = [
    ("2", "aes256gcm", "2M"),
    ("2", "aes256gcm", "4096"),
    ("2", "aes128gcm", "1000"),
    ("2", "chacha20poly1305", "1"),
    ("2", "chacha20poly1305", "1MiB"),
    ("1", "aes256gcm", None),
    ("1", "aes128gcm", None),
    ("1", "chacha20poly1305", None),
    ("2", "aes256gcm", "3G"),
]


def left_in(folder):
    """The names of all that is in a directory, at any depth."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
