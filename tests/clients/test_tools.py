"""Larger programs that people put files into and take them out of: version control, archives, databases,
transfer, shells. As in test_coreutils.py, each gives for the encrypted model what it gives for the plaintext
image, and without the shim something else."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from configs import every_mode_config
from test_coreutils import answers, judge  # noqa: F401 (a fixture)

# "M" stands for the file, "E" for its plaintext image.
COMMANDS = r"""
# git maps what it hashes, reads what is small, and streams what is larger than the threshold.
git hash-object M
git hash-object --stdin < M
git hash-object --no-filters M
git hash-object -t blob M M
git -c core.bigFileThreshold=100k hash-object M
git init -q . && git add M && git cat-file blob :M
git init -q . && git -c core.bigFileThreshold=100k add M && git cat-file blob :M
git init -q . && git -c core.packedGitWindowSize=4096 add M && git ls-files -s && git repack -q -a -d && git cat-file blob :M
git init -q . && git add M && git -c user.name=x -c user.email=x@x commit -q -m x && git status --short && git archive HEAD | tar xOf -
git diff --no-index --numstat E M; git diff --no-index --binary /dev/null M | sha1sum
# awk in every make.
gawk 'END { print NR }' M; gawk -b '{ n += length } END { print n }' M
gawk -b 'BEGIN { RS = "^$"; ORS = "" } { print }' M
gawk -b 'BEGIN { while ((getline l < "M") > 0) n += length(l); print n }'
gawk -b 'END { print NR, length }' < M
gawk -b 'BEGIN { "cat M" | getline x; print length(x) }'; sha1sum M
mawk 'END { print NR }' M; mawk '{ n += length } END { print n }' M
mawk '{ n += length } END { print n }' < M
mawk 'BEGIN { while ((getline l < "M") > 0) n += length(l); print n }'
# Archives and compression.
tar cf - M | tar xOf -
tar czf t.tgz M && tar xOzf t.tgz
tar cSf - M | tar xOf -
tar cf t.tar M && tar xOf t.tar
tar --zstd -cf t M && tar --zstd -xOf t
tar cf t.tar E.list && tar rf t.tar M && tar xOf t.tar M
echo M | cpio -o --quiet | cpio -i --to-stdout --quiet
mkdir d && echo M | cpio -pd --quiet d && cat d/M
echo M | cpio -o --quiet -H newc | cpio -i --to-stdout --quiet
zip -q z.zip M && busybox unzip -p z.zip
zip -q - M | gzip -dc
zip -q - - < M | gzip -dc 2>/dev/null; true
ar rc l.a M && ar p l.a
gzip -kf M && zcat M.gz
gzip -1 -n < M | sha1sum
bzip2 -kf M && bzcat M.bz2
xz -kf -0 -T2 M && xzcat M.xz
xz -0 --format=lzma -c M | xz -dc
zstd -q -T2 M -o z && zstd -q -dc z
cp E E2 && zstd -q --patch-from=E2 M -o z 2>&1 && zstd -q -d --patch-from=E2 z -o out && cat out
cp E E2 && zstd -q --patch-from=M E2 -o z 2>&1 && zstd -q -d --patch-from=E2 z -o out && sha1sum out; sha1sum M
zstd -q -c --long=27 < M | zstd -q -dc --long=27
# Transfer.
rsync M out && cat out
rsync -W M out && cat out
rsync -S M out && cat out
rsync -a M d/ && cat d/M
rsync -z M out && cat out
cp E out && echo changed | dd of=out seek=9 conv=notrunc status=none && rsync --no-whole-file -I M out && cat out
cp E out && truncate -s -5000 out && rsync --no-whole-file --inplace -I M out && cat out
rsync -c M out && cp E E2 && rsync -nic M E2; cat out
curl -sS file://$PWD/M
curl -sS -r 30000-40000 file://$PWD/M
curl -sS -T M file://$PWD/out && cat out
curl -sS -C 5000 file://$PWD/M
# Databases.
sqlite3 :memory: "select hex(readfile('M'))"
sqlite3 x.db "create table t(b); insert into t values (readfile('M')); select writefile('out', b) from t" && cat out
# Searching and comparing.
grep -c data_offsets M; sha1sum < M
grep -q __encryption__ M; echo $?
grep -abo data_offsets M | head -n 3; sha1sum M
grep -z -c . M; cksum < M
grep -r -l __signature__ . | wc -l
grep -a -F -f E.list M; b2sum < M
sha256sum E | sed 's,E$,M,' > s && sha256sum -c s
md5sum E | sed 's,E$,M,' > s && md5sum -c s
diff -a M E && echo equal
diff --binary -s M E | wc -l; diff -q M E
cmp -b M E && echo equal
cmp -l M E | wc -l
comm -3 M E 2>/dev/null; echo
b3sum M | cut -c1-64
b3sum --no-mmap M | cut -c1-64
b3sum < M | cut -c1-64
sha512sum -b M | cut -c1-128
# More of coreutils and its like.
dd if=M bs=1 skip=30000 count=3000 status=none
dd if=M iflag=nocache bs=64k status=none
dd if=M of=out conv=sparse bs=4k status=none && cat out
dd if=M bs=100k skip=1 seek=2 of=out status=none && cat out
dd if=M bs=4k conv=sync,noerror status=none
dd if=M cbs=100 conv=unblock status=none
cp -a M out && cat out
cp --sparse=never M out && cat out
cp --preserve=all M out && cat out
install -m 600 M out && cat out
mkdir d && cp -t d M && cat d/M
cp -l M out && cat out
cp -s M out && cat out
mv M out && cat out
ln M out && cat out
cat E.list M E.list
cat M | cat
cat < M > out && cat out
shuf -i 1-1000 --random-source=M
sort -z M
sort -R --random-source=M E.list; sha1sum M
sort --parallel=2 -S 100K M
split -n l/4 M part && cat part*
split -b 7K --filter='cat' M
paste M E.list | sha1sum
expand M
fmt M
pr -t M
od -v -w64 -tx4 M
od -An -tf4 -j 40000 -N 4000 M
hexdump -s 30000 -n 100 M
hexdump -v -e '1/1 "%02x"' < M
xxd -p M | xxd -r -p
xxd -b -l 1000 -s 40000 M
xxd -i < M
tail -c 3000 < M
head -c 3000 M | cmp -n 3000 - E && cmp M E
wc M
wc -m < M
objdump -s -b binary M
objcopy -I binary -O binary M out && cat out
strings -n 6 -t x M; sha1sum M
ld -r -b binary M -o o.o && objcopy -O binary -j .data o.o out && cat out
echo '.incbin "M"' | as -o o.o - && objcopy -O binary -j .text o.o out && cat out
openssl base64 -in M
openssl enc -aes-128-ctr -K 00 -iv 00 -in M 2>/dev/null
openssl dgst -sha256 -r M | cut -c1-64
python3 -c 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())' < M
sed 's/a/b/' M
sed -n 'w out' M; cat out
iconv -f latin1 -t utf-8 M
# Shells.
bash -c 'cat < M'
bash -c 'x=$(< M); printf %s "$x"' 2>/dev/null
bash -c 'exec 3< M; cat <&3'
bash -c 'exec {fd}< M; cat /dev/fd/$fd'
bash -c 'exec < M; head -c 100 >/dev/null; cat'
bash -c 'LC_ALL=C read -r -N 20000 x < M; printf %s "$x"' 2>/dev/null; cksum M
bash -c 'LC_ALL=C; while IFS= read -r -d "" l; do echo ${#l}; done < M'
bash -c 'mapfile -d "" -n 20 a < M; printf "%s\n" "${a[@]}"'; cksum M
bash -c 'cat <<< "$(< M)"' 2>/dev/null
bash -c 'coproc cat < M; cat <&${COPROC[0]}'
bash -c 'cat <(cat < M) /dev/null > >(cat)' | cat
bash -c 'exec 3< M 4< M; head -c 10000 <&3 >/dev/null; cat <&4; exec 3<&-; cat <&4'
bash -c '{ head -c 4096 >/dev/null; cat; } < M'; cksum M
dash -c 'read -r x < M; exec 3< M; cat <&3'
sh -c 'while read -r l; do echo "$l"; done' < M 2>/dev/null | sha1sum; sha1sum M
# One program that is all of them.
busybox cat M
busybox sha256sum M
busybox md5sum < M
busybox cp M out && cat out
busybox dd if=M bs=10k skip=2 2>/dev/null
busybox tac M
busybox gzip -c M | gzip -dc
busybox tail -c 4000 M
busybox head -c 4000 M; cksum M
busybox od M
busybox cmp M E && echo equal
busybox sort M
busybox wc -l < M; cksum M
busybox tar cf - M | tar xOf -
busybox grep -c . M; cksum M
busybox hexdump -C M
busybox sh -c 'cat < M'
busybox awk '{ n += length } END { print n }' M; cksum M
busybox base64 M
busybox sed -n p M
busybox mv M out && cat out
"""

# There is no plaintext below that could be cloned or read past the page cache: an error, and nothing copied.
REFUSED = r"""
dd if=M iflag=direct bs=4096 status=none
dd if=M of=out iflag=direct bs=4096 status=none || { cat out; false; }
cp --reflink=always M out || { cat out; false; }
"""

# What these say of a file that cannot be read is an error.
HONEST = r"""
git hash-object M
git init -q . && git add M
gawk 'END { print NR }' M
mawk 'END { print NR }' M
tar cf t.tar M
zip -q z.zip M
ar rc l.a M
gzip -kf M
bzip2 -kf M
xz -kf -0 M
zstd -q M -o z
rsync M out
curl -sS file://$PWD/M
b3sum M
busybox sha256sum M
busybox cp M out
sha256sum M
cp M out
cat M
cat < M
grep -c x M
cmp M E
diff -q M E
sort M
od M
xxd M
split M
openssl dgst M
objcopy -I binary -O binary M out
bash -c 'cat < M'
"""
# These take an error in the middle of any file for its end; those print something of their own.
CARELESS, TALKATIVE = ("zip", "curl"), ("cmp", "grep -c")

KNOWN = {"git", "gawk", "mawk", "tar", "cpio", "zip", "busybox", "ar", "gzip", "bzip2", "xz", "zstd", "rsync", "curl",
         "sqlite3", "b3sum", "hexdump", "xxd", "objdump", "objcopy", "strings", "ld", "as", "openssl", "python3",
         "bash", "dash", "diff"}


def commands(text):
    return [line for line in text.strip().splitlines() if not line.startswith("#")]


@functools.cache
def why_not(program):
    """Why a program cannot be tested here; None when it can."""
    path = shutil.which(program)
    if path is None:
        return f"{program} is not installed"
    said = subprocess.run(["ldd", path], capture_output=True, text=True)
    with open(path, "rb") as f:
        static = f.read(4) == b"\x7fELF" and (said.returncode != 0 or "statically linked" in said.stdout)
    return f"{program} is linked statically: no preload reaches it" if static else None


def available(command):
    for word in sorted(KNOWN & set(re.findall(r"[\w.-]+", command))):
        if why_not(word):
            pytest.skip(why_not(word))


@every_mode_config
@pytest.mark.parametrize("command", commands(COMMANDS))
def test_tool(command, config, answers):  # noqa: F811
    available(command)
    judge(command, config, answers)


@every_mode_config
@pytest.mark.parametrize("command", commands(REFUSED))
def test_refused(command, config, answers):  # noqa: F811
    got = answers(command, config, True, quiet=False)
    assert got.status != 0 and got.out == b"" and got.err, got.describe()


@every_mode_config
@pytest.mark.parametrize("command", commands(HONEST))
def test_honest(command, config, shim, pair, tmp_path):
    """With damaged data, or without the key: the program fails, and copies nothing that is wrong."""
    available(command)
    files = pair(config)
    data = bytearray(files.encrypted.read_bytes())
    data[-100] ^= 4
    for content, keys in ((bytes(data), files.keys), (files.encrypted.read_bytes(), None)):
        folder = tmp_path / ("no-key" if keys is None else "damaged")
        folder.mkdir()
        (folder / "model.bin").write_bytes(content)
        (folder / "E").symlink_to(files.expected)
        got = shim.run(["sh", "-c", re.sub(r"\bM\b", "model.bin", command)], cwd=folder, keys=keys, serve=config.serve,
                       quiet=False)
        assert any(str(folder) in line for line in got.messages), got.describe()
        assert got.status != 0 or command.startswith(CARELESS), got.describe()
        assert files.expected.read_bytes().startswith(got.out) or command.startswith(TALKATIVE), got.describe()
        copy = folder / "out"
        assert not copy.exists() or files.expected.read_bytes().startswith(copy.read_bytes())


@every_mode_config
def test_moved_to_another_file_system(config, shim, pair, tmp_path):
    """What mv cannot rename it copies: plaintext, like cp; or it fails, and leaves what it was given."""
    memory, files, path = Path("/dev/shm"), pair(config), tmp_path / "model.bin"
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system in /dev/shm")
    moved = memory / f"ctshim-test-{os.getpid()}"
    try:
        for keys in (None, files.keys):
            shutil.copyfile(files.encrypted, path)
            got = shim.run(["mv", path, moved], keys=keys, serve=config.serve, quiet=False)
            if got.status == 0:
                assert keys and not path.exists() and moved.read_bytes() == files.image
            else:
                assert path.read_bytes() == files.encrypted.read_bytes() and not moved.exists(), got.describe()
        assert (got.status == 0) != (config.serve == "memfd")  # where it compares inodes
    finally:
        moved.unlink(missing_ok=True)
