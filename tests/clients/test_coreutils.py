"""The small programs that people look at files with: each gives for the encrypted model what it gives
for the plaintext image, and without the shim something else."""

import os
import re
import shutil

import pytest

from configs import CLIENT_CONFIGS, Config, every_client_config

# "M" stands for the file; commands are run by sh, in a directory of their own.
COMMANDS = [
    "cat M", "cat < M", "cat M M", "cat - < M", "cat M - < M", "cat -A M", "cat -n M",
    "sha256sum < M", "sha256sum M | cut -c1-64", "md5sum < M", "cksum < M", "b2sum < M", "sum < M",
    "sha256sum - < M", "sha1sum -b < M",
    "head -c 10000 M", "head -c 123456 < M", "head -c -1000 M", "head -n 3 M", "head -c 20000 M | tail -c 77",
    "tail -c 5000 M", "tail -c 6 M", "tail -c +9000 M", "tail -c +9000 < M", "tail -n 2 M", "tail -n +2 M",
    "dd if=M status=none", "dd if=M bs=1M status=none", "dd if=M bs=4k skip=3 count=5 status=none",
    "dd if=M bs=1000 skip=17 count=11 status=none", "dd if=M bs=7 skip=3000 count=900 status=none",
    "dd if=M ibs=4096 obs=513 status=none", "dd if=M bs=64K iflag=fullblock status=none",
    "dd if=M bs=64K iflag=skip_bytes,count_bytes skip=9999 count=77777 status=none",
    "dd bs=4096 skip=2 status=none < M", "dd if=M bs=1M conv=swab status=none",
    "dd if=M of=out bs=100K status=none && cat out", "dd if=M bs=2G count=1 iflag=fullblock status=none",
    "od -An -tx1 M", "od -c -j 30000 -N 500 M", "od -tx8 -N 5000 < M", "od -j 12345 -N 10 M",
    "cmp M E", "cmp -n 5000 -i 30000 M E", "cmp - E < M", "cmp E M", "diff -q M E && echo equal",
    "cp M out && cat out", "cp --reflink=auto M out && cat out", "cp --reflink=never M out && cat out",
    "cp --sparse=always M out && cat out", "cp -p M out && cat out", "cp -L M out && cat out",
    "cp M E2 && cmp E2 E", "cp -r M out && cat out", "install M out && cat out",
    "wc -c M | cut -d' ' -f1; cat M | wc -l", "wc -l < M", "wc -w M | cut -d' ' -f1", "wc -L < M",
    "tee out < M | sha256sum && cat out", "split -b 100000 M part && cat part*", "split -n 3 M part && cat partab",
    "csplit -s -k M 3; cat xx00", "tac M", "sort M", "sort -u < M", "uniq < M", "cut -b 1-10 M",
    "tr -d '\\000' < M", "fold -b -w 70 M", "nl M", "base64 M", "base64 -w 0 < M", "base32 M", "basenc --base16 M",
    "grep -c . M", "grep -a -o -m 1 data_offsets M; sha1sum < M", "grep -a -c -v zzz < M", "strings M",
    "sed -n '1,5p' M", "sed -n '$=' M; sha1sum < M", "awk 'END { print NR }' M; awk '{ n += length } END { print n }' M",
    "gzip -c M | gzip -dc", "gzip < M | gzip -dc", "bzip2 -c M | bzip2 -dc", "xz -c -0 M | xz -dc", "zstd -q -c M | zstd -dc",
    "tar cf - --transform='s,.*,m,' --mtime=@0 M | tar xOf -", "xxd M", "xxd -s 30000 -l 100 M", "hexdump -C M",
    "perl -e 'open F, q(M); binmode F; local $/; print <F>'", "perl -ne 'print' M", "perl -pe '' < M",
    "while read -r line; do echo \"$line\"; done < M | tail -n 3; sha1sum < M",
    "exec 5< M; head -c 100 <&5 >/dev/null; cat <&5", "exec 5< M; (dd bs=100 count=1 status=none; cat) <&5 | sha1sum",
    "(dd bs=1000 count=9 of=/dev/null status=none; cat) < M", "cat /dev/stdin < M", "cat /proc/self/fd/0 < M", "sha256sum /dev/stdin < M",
    "bash -c 'cat <(cat M)'", "env cat M", "nice cat M", "timeout 20 cat M", "stdbuf -o0 cat M", "nohup cat M 2>/dev/null",
    "sh -c 'exec cat' < M", "bash -c 'mapfile -n 2 lines < M 2>/dev/null; echo \"${lines[0]}\"'; sha1sum < M", "xargs -0 -a E.list cat", "find . -name model.bin -exec cat {} +",
    "ln -s M link && cat link", "openssl dgst -sha256 < M",
]
# Those whose output is about the name or place, not the content.
SAME = ["stat -c %s M", "du -b M | cut -f1", "ls -l M | cut -d' ' -f5", "wc -c < M", "test -s M; echo $?", "file -b M | cut -c1-4",
        "truncate -r M new; stat -c %s new", "find M -size +1k | wc -l"]


@pytest.fixture(scope="module")
def answers(shim, pair, tmp_path_factory):
    """(command, config, on) -> what it printed; `None` for on gives that of the image itself."""
    seen = {}

    def get(command, config, on, quiet=True):
        # Without the shim, and on the image, serving modes make no difference.
        key = (command, config if on else pair(config), on)
        if key not in seen:
            files, folder = pair(config), tmp_path_factory.mktemp("coreutils")
            model = folder / "model.bin"
            os.link(files.expected if on is None else files.encrypted, model)
            (folder / "E").symlink_to(files.expected)
            (folder / "E.list").write_bytes(b"model.bin\0")
            seen[key] = shim.run(["sh", "-c", re.sub(r"\bM\b", "model.bin", command)], on=bool(on), cwd=folder,
                                 keys=files.keys, serve=config.serve if on else None, quiet=quiet)
            shutil.rmtree(folder)
        return seen[key]

    return get


def available(command):
    for word in ("bzip2", "xz ", "zstd", "xxd", "hexdump", "strings", "openssl", "perl", "awk", "file ",
                 "basenc", "b2sum", "bash", "diff", "tar ", "gzip"):
        if word in command and shutil.which(word.strip()) is None:
            pytest.skip(f"{word.strip()} is not installed")


def judge(command, config, answers):
    """The shim gives what the plaintext gives; without it, it would be something else."""
    want, got, bare = (answers(command, config, on) for on in (None, True, False))
    assert want.status == 0, want.describe()
    if config.serve == "memfd" and re.match("(mkdir d && )?(cp|install) (?!E|-[ls] )", command):
        # They compare what they opened with what stat says of the name, and refuse a memfd.
        assert got.status == 1 and got.out == b"" and b"replaced while being copied" in got.err
        return
    assert (got.status, got.err) == (0, want.err), got.describe()
    assert got.out == want.out, "not what the plaintext gives"
    assert bare.out != want.out or bare.status != 0, "the same without the shim: it proves nothing"


@every_client_config
@pytest.mark.parametrize("command", COMMANDS)
def test_command(command, config, answers):
    available(command)
    judge(command, config, answers)


@pytest.mark.parametrize("command", SAME)
def test_size_and_kind(command, answers):
    available(command)
    want, got, bare = (answers(command, CLIENT_CONFIGS[0], on) for on in (None, True, False))
    assert want.status == got.status == bare.status == 0
    assert want.out == got.out
    if not command.startswith("file"):
        assert bare.out == want.out


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith(("dd ", "cp ", "cat ", "tail -c"))])
def test_large_file(command, answers):
    config = Config("big")
    want, got, bare = (answers(command, config, on) for on in (None, True, False))
    assert want.status == got.status == 0, got.describe()
    assert got.out == want.out
    assert bare.out != want.out or bare.status != 0
