"""Ordinary commands, with nothing to do with models: sh runs each in a copy of the same small tree. Those
whose program is not installed are left out. Nothing in their output depends on time, place or chance."""

# The tree that they find: name -> content. A name that ends in "/" is a directory.
TREE = {
    "a.txt": "alpha\nbeta\ngamma\ndelta\nepsilon\n",
    "b.txt": "beta\ndelta\nzeta\n",
    "numbers": "".join(f"{n * 7919 % 1009}\n" for n in range(300)),
    "long": "the quick brown fox jumps over the lazy dog\n" * 400,
    "empty": "",
    "table.csv": "name,age,town\nann,31,oslo\nbob,27,bern\ncid,45,rome\n",
    "data.json": '{"name": "x", "list": [1, 2, {"deep": null}], "text": "\\u00e9"}\n',
    "script.sh": "echo \"args: $*\"; exit 3\n",
    "prog.py": "import sys\nprint(sorted(sys.argv[1:]))\nsys.exit(4)\n",
    "prog.pl": "print join(',', reverse 1..5), \"\\n\"; exit 5;\n",
    "sub/one.txt": "one\n",
    "sub/two.txt": "two\nalpha\n",
    "sub/deep/three.txt": "three\n",
    "bin.dat": "".join(chr(n % 251) for n in range(9000)),
    "hello.c": "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 6; }\n",
    "Makefile": "all: out\nout: a.txt\n\tsort -r a.txt > out\n\t@cat out\nfail:\n\tfalse\n",
}

SHELL = r"""
true
false
exit 42
echo hello world
printf '%s-%d\n' a 1 b 2
:
kill -TERM $$
sh -c 'kill -KILL $$'; echo $?
echo out; echo err >&2
echo one > new; cat new; echo two >> new; cat new
cat < a.txt > copy; cmp a.txt copy; echo $?
exec 3< a.txt; read x <&3; read y <&3; echo $y $x; exec 3<&-
exec 3<> a.txt; read x <&3; echo X >&3; cat a.txt
exec 9> nine; echo nine >&9; ls -l /proc/self/fd | wc -l; cat nine
for i in 1 2 3; do echo $i; done | while read n; do echo $((n * n)); done
cat << EOF | tr a-z A-Z@here document@EOF
x=$(cat a.txt | wc -l); echo $x
echo $(< a.txt) 2>&1 | head -c 20
(cd sub; pwd | sed 's,.*/,,'; ls)
set -e; false; echo not reached
set -u; echo $undefined 2>/dev/null
trap 'echo bye' EXIT; exit 7
trap 'echo got; exit 9' USR1; kill -USR1 $$; sleep 1
umask 077; touch m; stat -c %a m
ulimit -n 64; ulimit -n
ulimit -n 32; for i in 1 2 3 4 5 6 7 8 9; do cat a.txt > /dev/null; done; echo ok
sleep 0.01 & wait $!; echo $?
(exit 3) & wait $!; echo $?
sh script.sh a b
sh ./no-such-script; echo $?
./script.sh; echo $?
no-such-command-at-all; echo $?
command -v sh > /dev/null; echo $?
type echo
echo "$0" | sed 's,.*/,,'
ls /proc/self/fd | wc -l
cat /proc/self/status | grep -c Name
echo a b c | { read x y; echo "$y|$x"; }
test -f a.txt && test -d sub && test ! -e none && echo yes
[ a.txt -ef ./a.txt ]; echo $?
echo * | tr ' ' '\n' | sort
case $(uname) in Linux) echo linux;; esac
yes | head -n 5
yes | head -n 100000 | tail -n 1
seq 100000 | sh -c 'read a; read b; echo $a $b'
mkfifo p; cat p & echo through > p; wait
mkfifo p; (echo x > p &) ; read v < p; echo $v
cat /dev/null; echo $?
head -c 1000 /dev/zero | wc -c
cat nonexistent
cat sub
cat a.txt nonexistent b.txt
dd if=/dev/zero bs=1000 count=3 status=none | wc -c
echo $PPID > /dev/null; echo ${#LD_PRELOAD} > /dev/null; echo done
nohup echo hup 2> /dev/null
env -i /bin/echo bare
env FOO=bar sh -c 'echo $FOO'
nice -n 1 echo nice
timeout 5 echo in time
timeout 0.05 sleep 5; echo $?
setsid -w echo session
xargs echo < a.txt
xargs -n 2 echo < a.txt
xargs -P 4 -n 1 echo < a.txt | sort
echo a.txt b.txt | xargs cat
find . -type f -print0 | sort -z | xargs -0 cat | cksum
time -p true 2> /dev/null; echo $?
flock a.txt echo locked
stdbuf -oL echo buffered
chroot /nonexistent true; echo $?
"""

COREUTILS = r"""
cat a.txt
cat -n a.txt b.txt
cat -A table.csv
cat empty
tac a.txt
nl a.txt
od -c a.txt
od -An -tx4 bin.dat
base64 a.txt
base64 a.txt | base64 -d
base32 b.txt
fmt -w 30 long
pr -t -2 a.txt
fold -w 7 a.txt
head a.txt
head -n 2 a.txt
head -n -2 a.txt
head -c 7 a.txt
head -q -n 1 a.txt b.txt
tail a.txt
tail -n 2 a.txt
tail -n +3 a.txt
tail -c 9 a.txt
split -l 2 a.txt part; cat partab
split -b 1000 bin.dat part; ls part*
csplit a.txt 3; cat xx01
wc a.txt b.txt
wc -l < a.txt
sum a.txt
cksum a.txt
md5sum a.txt b.txt
sha1sum a.txt
sha224sum a.txt
sha256sum a.txt bin.dat
sha384sum a.txt
sha512sum a.txt
b2sum a.txt
md5sum a.txt > sums; md5sum -c sums
echo wrong >> sums; md5sum -c sums
sort a.txt
sort -r a.txt
sort -n numbers
sort -u -n numbers | head
sort -t, -k2n table.csv
sort -R --random-source=bin.dat a.txt
sort -S 1M --parallel=2 long | uniq -c
sort -c a.txt
sort -m a.txt b.txt
shuf --random-source=bin.dat a.txt
uniq -c b.txt
comm a.txt b.txt
comm -12 a.txt b.txt
join a.txt b.txt
ptx -G a.txt | head
tsort numbers > /dev/null; echo $?
cut -d, -f2 table.csv
cut -c1-3 a.txt
cut -b 2- a.txt
paste a.txt b.txt
paste -s -d+ b.txt
tr a-z A-Z < a.txt
tr -d aeiou < a.txt
tr -s 'a' < long | head -n 1
expand a.txt
unexpand -a a.txt
ls
ls -1 sub
ls -R
ls -a sub
ls nonexistent
ls -S
dir
cp a.txt c.txt; cat c.txt
cp -r sub sub2; find sub2 | sort
cp -a sub sub2; find sub2 | sort
cp a.txt b.txt sub; ls sub
cp --reflink=auto bin.dat c; cmp c bin.dat
cp --sparse=always bin.dat c; cmp c bin.dat
cp -l a.txt hard; stat -c %h a.txt
cp -s a.txt soft; readlink soft
cp nonexistent c
cp sub c
cp -u a.txt b.txt; cat b.txt
cp -b a.txt b.txt; ls
dd if=bin.dat of=c bs=100 status=none; cmp c bin.dat
dd if=bin.dat bs=10 skip=5 count=2 status=none | od -c
dd if=bin.dat of=c seek=3 bs=100 conv=notrunc status=none; cksum c
dd if=a.txt conv=ucase status=none
dd if=nonexistent
dd if=a.txt of=/dev/full bs=10 status=none
install -m 600 a.txt c; stat -c %a c
mv a.txt c; ls
mv a.txt sub; ls sub
mv nonexistent c
mv -n a.txt b.txt; cat b.txt
rm a.txt; ls
rm -r sub; ls
rm nonexistent
rm -f nonexistent; echo $?
rmdir sub
mkdir d; rmdir d; ls -d d
mkdir -p x/y/z; find x
mkdir sub
shred -u -n 1 a.txt; ls
link a.txt l; cat l
ln -s a.txt l; cat l
ln -s nonexistent l; cat l
ln a.txt l; echo more >> l; tail -n 1 a.txt
readlink -f sub/../a.txt | sed 's,.*/,,'
realpath --relative-to=. sub/one.txt
unlink a.txt; ls
truncate -s 3 a.txt; cat a.txt
truncate -s 9999999 a.txt; stat -c %s a.txt
touch -d 2001-02-03 t; stat -c %Y t
touch nonexistent/x
chmod 400 a.txt; stat -c %a a.txt
chmod u=rw,go= a.txt; stat -c %A a.txt
stat -c '%n %s %F' a.txt sub
stat nonexistent
du -b a.txt
df --output=target / | tail -n 1
sync a.txt; echo $?
mknod n p; stat -c %F n
mktemp -u -p . XXXX | wc -c
tee t1 t2 < a.txt; cmp t1 t2
echo x | tee -a a.txt; tail -n 1 a.txt
tee /dev/full < a.txt > /dev/null
basename /a/b/c.txt .txt
dirname /a/b/c
pathchk a.txt; echo $?
pwd | sed 's,.*/,,' | wc -c > /dev/null; echo $?
expr 6 \* 7
expr abc : 'a\(.\)'
factor 123456789
seq 5
seq -s, 1 2 9
numfmt --to=iec 1048576
date -u -d @0 +%F
date -u -d 2020-02-30
printenv NOTHING
printenv HOME > /dev/null; echo $?
id -u
whoami > /dev/null; echo $?
uname -s
nproc > /dev/null; echo $?
arch > /dev/null; echo $?
hostid > /dev/null; echo $?
tty < a.txt
test 1 -lt 2; echo $?
cat a.txt | tee /dev/stderr | wc -l
cat /etc/passwd | head -n 1
cat a.txt > /dev/full
"""

TOOLS = r"""
grep alpha a.txt
grep -r alpha . | sort
grep -c a a.txt
grep -n -v a a.txt
grep -o '[aeiou]' b.txt
grep -E '^(a|b)' a.txt
grep -F -x -f b.txt a.txt
grep -l alpha -r . | sort
grep -A1 -B1 gamma a.txt
grep -a 'A' bin.dat | wc -c
grep -P 'a(?=l)' a.txt
grep none a.txt
grep x nonexistent
grep -q alpha a.txt; echo $?
grep -z . a.txt | wc -c
egrep 'a|b' b.txt 2> /dev/null
sed s/a/A/g a.txt
sed -n 2p a.txt
sed -i s/a/A/ a.txt; cat a.txt
sed '2d;3q' a.txt
sed -n '$=' a.txt
sed 'y/abc/xyz/' a.txt
sed -e '1i\' -e top a.txt
sed 'w out' a.txt > /dev/null; cat out
sed 'r b.txt' a.txt
sed bad a.txt
awk '{ print NR, $0 }' a.txt
awk -F, 'NR > 1 { s += $2 } END { print s }' table.csv
awk 'BEGIN { while ((getline l < "a.txt") > 0) print l }'
awk 'BEGIN { "echo cmd" | getline x; print x }'
awk '{ print > "out" } END { close("out"); while ((getline l < "out") > 0) n++; print n }' a.txt
awk 'BEGIN { exit 5 }'
awk 'BEGIN { printf "%5.2f|%s\n", 3.14159, substr("hello", 2, 3) }'
awk '{ a[$1]++ } END { for (k in a) print k, a[k] }' b.txt | sort
awk 'BEGIN { system("echo sub"); print toupper("x") }'
awk '{' a.txt
find . | sort
find . -type f -name '*.txt' | sort
find . -type d | sort
find sub -type f -exec cat {} \;
find sub -type f -exec cat {} + | sort
find . -size +1k -type f | sort
find . -empty | sort
find . -newer a.txt | wc -l > /dev/null; echo $?
find nonexistent
find sub -delete; ls
find . -name a.txt -execdir cat {} \;
find . -maxdepth 1 -printf '%f\n' | sort
diff a.txt b.txt
diff -u a.txt a.txt
diff -r sub sub
diff -y -W 40 a.txt b.txt
diff -q a.txt b.txt
diff a.txt nonexistent
diff3 a.txt b.txt a.txt
sdiff -w 30 a.txt b.txt
cmp a.txt b.txt
cmp -l a.txt b.txt
cmp -s a.txt a.txt; echo $?
diff -u a.txt b.txt > p; patch -s a.txt p; cat a.txt
tar cf t.tar sub; tar tf t.tar
tar cf - sub | tar tvf - | wc -l
tar czf t.tgz sub; tar tzf t.tgz
tar czf t.tgz a.txt; rm a.txt; tar xzf t.tgz; cat a.txt
tar cJf t.txz a.txt; tar xOJf t.txz
tar --mtime=@0 --owner=0 --group=0 --sort=name -cf - sub | sha256sum
tar xf nonexistent.tar
tar cf t.tar --exclude=deep sub; tar tf t.tar
find sub -print0 | sort -z | cpio -0 -o --quiet 2> /dev/null | wc -c > /dev/null; echo $?
gzip a.txt; ls; gzip -d a.txt.gz; cat a.txt
gzip -c a.txt | gzip -dc
gzip -9 -n -c long | sha256sum
gzip -t a.txt
zcat a.txt
gzip a.txt; zcat a.txt.gz; zgrep alpha a.txt.gz
bzip2 -c a.txt | bzip2 -dc
bzip2 long; bzcat long.bz2 | cksum
xz -c a.txt | xz -dc
xz -T2 long; xzcat long.xz | cksum
zstd -q -c a.txt | zstd -dc
zip -q -X z.zip a.txt; unzip -p z.zip
ar rcD l.a a.txt b.txt; ar t l.a; ar p l.a a.txt
file a.txt
file bin.dat sub empty
strings bin.dat | head -n 3
xxd a.txt
xxd -p a.txt | xxd -r -p
hexdump -C a.txt
column -t -s, table.csv
rev a.txt
look alp a.txt
tree sub
bc <<< 2+2
echo '2^100' | bc
echo '3 4 * p' | dc
jq . data.json
jq -r '.list[0]' data.json
jq .bad[ data.json
m4 a.txt
make
make -s out
make fail
make nonexistent
make -j2 -n
cc -o hello hello.c && ./hello; echo $?
cc -O2 -c hello.c && nm hello.o | grep main
echo 'bad' | cc -x c - 2> /dev/null; echo $?
c++ -x c++ - -o h <<< 'int main() { return 8; }' && ./h; echo $?
ld --version | head -n 1
readelf -h /bin/sh | head -n 4
objdump -f /bin/sh | head -n 4 | tail -n 1
ldd /bin/true > /dev/null; echo $?
od -N 4 -An -c /bin/sh
git --version
git init -q . && git add -A && git commit -q -m first && git log --format=%s
git init -q . && git add a.txt && git status --short
git init -q . && git add -A && git commit -q -m x && git rev-parse HEAD
git init -q . && git add -A && git commit -q -m x && echo y >> a.txt && git diff
git init -q . && git add -A && git commit -q -m x && git archive HEAD | sha256sum
git init -q . && git add -A && git commit -q -m x && git gc -q && git fsck 2>&1
git init -q . && git add -A && git commit -q -m x && git clone -q . ../clone.$$ && ls ../clone.$$ && rm -rf ../clone.$$
git init -q . && git add -A && git commit -q -m x && git grep alpha
git init -q . && git add -A && git commit -q -m x && git checkout -q -b two && git branch
git init -q . && git add -A && git commit -q -m x && git stash list; git blame -s a.txt
git hash-object a.txt
git diff --no-index a.txt b.txt
git log
ps -o comm= -p 1 > /dev/null; echo $?
pgrep -x no-such-process; echo $?
free > /dev/null; echo $?
hostname > /dev/null; echo $?
mount > /dev/null; echo $?
getconf PAGE_SIZE
getent passwd root
locale > /dev/null; echo $?
iconv -f utf-8 -t latin1 a.txt
openssl version > /dev/null; echo $?
openssl dgst -sha256 a.txt
echo secret | openssl enc -aes-128-cbc -K 00 -iv 00 -e -nosalt 2> /dev/null | od -c
openssl rand 16 | wc -c
printf 'open /dev/null\n' | ed -s a.txt 2>&1
printf ',p\nq\n' | ed -s a.txt
vi --version > /dev/null 2>&1; echo $?
sqlite3 x.db 'create table t(a); insert into t values(1); select * from t'
"""

LANGUAGES = r"""
perl -e 'print "hello\n"'
perl -ne 'print if /a/' a.txt
perl -pe 's/a/A/' a.txt
perl -i -pe 's/a/A/' a.txt; cat a.txt
perl -e 'open F, "<", "a.txt"; print scalar(@{[<F>]}), "\n"'
perl -e 'open F, "<", "none" or print "$!\n"'
perl -e 'sysopen F, "a.txt", 0; sysread F, $b, 7; sysseek F, 2, 0; sysread F, $c, 3; print "$b|$c\n"'
perl -e 'print `echo sub`; print $? >> 8, "\n"'
perl -e 'if (fork) { wait; print "parent ", $? >> 8, "\n" } else { exit 3 }'
perl -e 'pipe R, W; print W "x\n"; close W; print <R>'
perl -e 'opendir D, "sub"; print join(",", sort grep !/^\./, readdir D), "\n"'
perl -e 'print -s "a.txt", "\n"; exit 9'
perl -e 'die "dead\n"'
perl -MPOSIX -e 'print POSIX::dup2(1, 5), "\n"; POSIX::close(5)'
perl -MDigest::SHA=sha256_hex -e 'print sha256_hex("x"), "\n"'
perl -MIO::File -e '$f = IO::File->new("a.txt"); print fileno($f), "\n"; print $f->getline'
perl -MSocket -e 'socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); syswrite A, "hi"; sysread B, $x, 9; print "$x\n"'
perl -e 'use Fcntl; open F, "a.txt"; print fcntl(F, F_GETFD, 0), "\n"'
perl prog.pl
python3 -c 'print("hello")'
python3 prog.py b a
python3 -c 'print(open("a.txt").read())'
python3 -c 'print(open("bin.dat", "rb").read()[:20])'
python3 -c 'import os; fd = os.open("a.txt", 0); print(fd, os.read(fd, 5), os.lseek(fd, 0, 1), os.pread(fd, 4, 6))'
python3 -c 'import os; print([os.open("a.txt", 0) for _ in range(5)])'
python3 -c 'import mmap; f = open("bin.dat", "r+b"); m = mmap.mmap(f.fileno(), 0); m[:4] = b"abcd"; m.flush(); print(m[:10])'
python3 -c 'import mmap; m = mmap.mmap(-1, 8192); m[:5] = b"hello"; print(m[:6])'
python3 -c 'import os; r, w = os.pipe(); os.write(w, b"x"); print(os.read(r, 9)); os.close(r); os.close(w)'
python3 -c 'import os; fd = os.open("n", os.O_RDWR | os.O_CREAT, 0o600); os.write(fd, b"abc"); os.lseek(fd, 0, 0); print(os.read(fd, 9))'
python3 -c 'import os; fd = os.open("a.txt", 0); d = os.dup(fd); os.close(fd); print(d, os.read(d, 3))'
python3 -c 'import os; os.dup2(os.open("a.txt", 0), 0); print(input())'
python3 -c 'import os; print(os.sendfile(1, os.open("a.txt", 0), 0, 11))'
python3 -c 'import os; a = os.open("a.txt", 0); b = os.open("n", 66, 0o600); print(os.copy_file_range(a, b, 100)); print(open("n").read())'
python3 -c 'import shutil; shutil.copyfile("a.txt", "n"); print(open("n").read()); shutil.copytree("sub", "s2"); shutil.rmtree("s2")'
python3 -c 'import subprocess; print(subprocess.run(["cat", "a.txt"], capture_output=True))'
python3 -c 'import subprocess; print(subprocess.run("exit 3", shell=True).returncode, subprocess.check_output(["wc", "-l"], stdin=open("a.txt")))'
python3 -c 'import subprocess; p = subprocess.Popen(["cat"], stdin=-1, stdout=-1); print(p.communicate(b"data"))'
python3 -c 'import os; p = os.fork(); p or os._exit(7); print(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))'
python3 -c 'import os; print(os.spawnlp(os.P_WAIT, "echo", "echo", "spawned"))'
python3 -c 'import multiprocessing as m; print(m.get_context("fork").Pool(2).map(abs, [-1, -2]))'
python3 -c 'import threading, os; t = [threading.Thread(target=lambda: open("a.txt").read()) for _ in range(9)]; [x.start() for x in t]; [x.join() for x in t]; print(threading.active_count())'
python3 -c 'import ssl, hashlib; print(hashlib.new("sha3_256", b"x").hexdigest(), ssl.create_default_context().check_hostname)'
python3 -c 'import hashlib; print(hashlib.file_digest(open("a.txt", "rb"), "sha256").hexdigest())'
python3 -c 'import socket; a, b = socket.socketpair(); a.sendall(b"x"); print(b.recv(9)); a.close(); b.close()'
python3 -c 'import socket, array, os; a, b = socket.socketpair(); socket.send_fds(a, [b"x"], [os.open("a.txt", 0)]); print(os.read(socket.recv_fds(b, 9, 1)[1][0], 5))'
python3 -c 'import tempfile; f = tempfile.TemporaryFile(); f.write(b"x"); f.seek(0); print(f.read())'
python3 -c 'import sqlite3; c = sqlite3.connect("db"); c.execute("create table t(x)"); c.execute("insert into t values(7)"); c.commit(); print(sqlite3.connect("db").execute("select * from t").fetchall())'
python3 -c 'import zipfile; z = zipfile.ZipFile("z.zip", "w"); z.write("a.txt"); z.close(); print(zipfile.ZipFile("z.zip").read("a.txt"))'
python3 -c 'import tarfile; t = tarfile.open("t.tgz", "w:gz"); t.add("sub"); t.close(); print(sorted(tarfile.open("t.tgz").getnames()))'
python3 -c 'import json, csv; print(json.load(open("data.json")), list(csv.reader(open("table.csv"))))'
python3 -c 'import gzip; gzip.open("g", "wb").write(b"abc"); print(gzip.open("g").read())'
python3 -c 'import pickle; pickle.dump([1], open("p", "wb")); print(pickle.load(open("p", "rb")))'
python3 -c 'import select, os; r, w = os.pipe(); os.write(w, b"x"); print(select.select([r], [], [], 0)[0] == [r])'
python3 -c 'import asyncio; print(asyncio.run(asyncio.sleep(0, "done")))'
python3 -c 'import asyncio; print(asyncio.run((lambda: asyncio.create_subprocess_exec("true"))()).pid > 0)'
python3 -c 'import fcntl; f = open("a.txt", "r+"); fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_UN); print(fcntl.fcntl(f, fcntl.F_GETFL))'
python3 -c 'import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)); l = []; exec("try:\n while 1: l.append(open(\"a.txt\"))\nexcept OSError as e: print(e.errno, len(l))")'
python3 -c 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); open("n", "w").write("x" * 5)'
python3 -c 'import signal, os; signal.signal(signal.SIGUSR1, lambda *a: print("signal")); os.kill(os.getpid(), signal.SIGUSR1)'
python3 -c 'import signal, os; os.kill(os.getpid(), signal.SIGSEGV)'
python3 -c 'import faulthandler, ctypes; ctypes.string_at(0)'
python3 -c 'import ctypes; l = ctypes.CDLL(None); print(l.open(b"a.txt", 0), l.getpid() > 0)'
python3 -c 'import os; print(os.readv(os.open("a.txt", 0), [bytearray(3), bytearray(9)]), os.preadv(os.open("a.txt", 0), [bytearray(5)], 2))'
python3 -c 'import os; os.closerange(3, 100); print(os.open("a.txt", 0))'
python3 -c 'import os; os.close(0); print(open("a.txt").fileno())'
python3 -c 'import os; os.close(1); os.close(2)'
python3 -c 'import os; print(os.stat("a.txt").st_size, os.path.exists("none"), sorted(os.listdir("sub")), os.access("a.txt", 4))'
python3 -c 'import os; os.mkfifo("p"); r = os.open("p", os.O_RDONLY | os.O_NONBLOCK); w = os.open("p", os.O_WRONLY); os.write(w, b"f"); print(os.read(r, 5))'
python3 -c 'import pty, os; m, s = pty.openpty(); os.write(s, b"tty"); print(os.read(m, 9), os.isatty(s))'
python3 -c 'import os; fd = os.memfd_create("m"); os.write(fd, b"abc"); print(os.pread(fd, 9, 0))'
python3 -c 'import os; fd = os.eventfd(3); print(os.eventfd_read(fd))'
python3 -c 'import os; fd = os.open("n", os.O_RDWR | os.O_CREAT); os.posix_fallocate(fd, 0, 5000); os.ftruncate(fd, 100); print(os.fstat(fd).st_size)'
python3 -c 'import os; print(os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600))'
python3 -c 'import os; print(os.read(os.open("/proc/self/comm", 0), 99), os.read(os.open("/sys/kernel/mm/transparent_hugepage/enabled", 0), 4) != b"")'
python3 -c 'import os; print(len(os.read(os.open("/dev/urandom", 0), 99)))'
python3 -c 'import numpy' 2> /dev/null; echo
python3 -c 'raise SystemExit(11)'
python3 -c 'open("none")'
python3 -c 'open("sub")'
python3 -c 'import sys; print(sys.stdin.read())' < a.txt
python3 -c 'import sys; print(sys.stdin.buffer.read(7), sys.stdin.buffer.seek(2), sys.stdin.buffer.read(3))' < a.txt
python3 -m json.tool data.json
python3 -m compileall -q prog.py; echo $?
python3 -m base64 -e a.txt
python3 -S -E -c 'print(1)'
bash -c 'echo $((2 ** 10)); read -r line < a.txt; echo $line'
bash -c 'mapfile -t l < a.txt; echo ${#l[@]}'
bash -c 'coproc cat; echo hi >&${COPROC[1]}; read x <&${COPROC[0]}; echo $x'
bash -c 'exec {fd}< a.txt; read -u $fd x; echo $fd $x'
bash -c 'diff <(sort a.txt) <(sort b.txt)'
bash -c 'set -o pipefail; false | true; echo $?'
bash -c 'printf "%(%Y)T\n" 0'
bash -c 'cat <<< string'
bash -c '[[ $(< a.txt) == alpha* ]] && echo yes'
bash -c 'ulimit -v 400000; cat a.txt'
dash -c 'echo dash; read x < a.txt; echo $x'
ruby -e 'puts File.read("a.txt").lines.size'
node -e 'console.log(require("fs").readFileSync("a.txt", "utf8").length)'
php -r 'echo strlen(file_get_contents("a.txt")), "\n";'
tclsh a.txt
lua -e 'print(io.open("a.txt"):read("*l"))'
"""


def commands():
    """Every command, once; "@" is a new line where sh needs one."""
    seen = {}
    for block in (SHELL, COREUTILS, TOOLS, LANGUAGES):
        for line in block.strip().splitlines():
            seen[line] = line.replace("@", "\n") if "<< EOF" in line else line
    return seen
