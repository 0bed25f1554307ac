"""Which library each symbol was bound to, as glibc's loader tells it."""

import re

LINE = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `(\w+)'")


class Bindings:
    """What LD_DEBUG=bindings wrote."""

    def __init__(self, text):
        self.all = set(LINE.findall(text))
        assert self.all, "the loader wrote nothing"

    def to(self, library):
        """Names that were bound to `library` from elsewhere."""
        return {name for user, place, name in self.all if place == library and user != library}

    def of(self, library):
        """(library, name) pairs that `library` was bound to, outside itself."""
        return {(place, name) for user, place, name in self.all if user == library and place != library}

    def openssl(self):
        """Where names of OpenSSL's were bound to."""
        prefix = re.compile(r"(EVP|OPENSSL|OpenSSL|CRYPTO|SSL|OSSL|BIO|ERR)_")
        return {place for _, place, name in self.all if prefix.match(name)}
