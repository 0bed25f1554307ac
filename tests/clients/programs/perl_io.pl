# Perl's ways to read a file: perl perl_io.pl MODEL EXPECTED SCRATCH prints a line of JSON for each check.
use strict;
use warnings;
use Digest::SHA;
use Fcntl qw(:DEFAULT :seek);
use File::Compare ();
use File::Copy ();
use File::Spec;
use IO::File;
use IO::Handle;
use POSIX ();

my ($model, $expected_path, $scratch) = @ARGV;
my ($expected, $size);

sub named { return "$scratch/$_[0]" }

sub equal {
	my ($got, $want, $what) = @_;
	$what = 'content' unless defined $what;
	die "$what: nothing\n" unless defined $got;
	return if $got eq $want;
	my $at = 0;
	$at++ while $at < length $got && $at < length $want && substr($got, $at, 1) eq substr($want, $at, 1);
	die "$what: " . length($got) . ' bytes instead of ' . length($want) . ", first difference at $at\n";
}

sub same {
	my ($got, $want) = @_;
	die((defined $got ? $got : 'undef') . " instead of $want\n") unless defined $got && $got eq $want;
}

sub opened {
	my ($layers) = @_;
	open my $file, '<' . (defined $layers ? $layers : ':raw'), $model or die "open: $!\n";
	return $file;
}

sub whole {
	my ($file) = @_;
	local $/;
	my $got = <$file>;
	die "read: $!\n" unless defined $got;
	return $got;
}

sub copied {
	my ($path) = @_;
	open my $file, '<:raw', $path or die "open: $!\n";
	equal(whole($file), $expected, $path);
	unlink $path;
}

sub ranges {
	my ($count, $longest) = @_;
	srand 1;
	return ([0, 1], [7, 2], [$size - 1, 1], map {
		my $at = int rand $size;
		my $most = $size - $at < $longest ? $size - $at : $longest;
		[$at, 1 + int rand $most]
	} 1 .. $count);
}

sub check_slurp {
	equal(whole(opened()), $expected);
}

sub check_lines {
	my $file = opened();
	equal(join('', <$file>), $expected);
	$file = opened();
	my $got = '';
	while (my $line = <$file>) {
		$got .= $line;
	}
	equal($got, $expected);
}

sub check_records {
	my ($file, $got) = (opened(), '');
	local $/ = \1000;
	while (my $record = <$file>) {
		$got .= $record;
	}
	equal($got, $expected);
}

sub check_read {
	my $file = opened();
	same(read($file, my $room, $size + 10), $size);
	equal($room, $expected);
	same(read($file, $room, 1), 0);
	for my $range (ranges(40, 100000)) {
		my ($at, $length) = @$range;
		seek $file, $at, SEEK_SET or die "seek: $!\n";
		same(read($file, $room, $length), $length);
		equal($room, substr($expected, $at, $length), "$length at $at");
		same(tell $file, $at + $length);
	}
}

sub check_sysread {
	sysopen my $file, $model, O_RDONLY or die "sysopen: $!\n";
	my $got = '';
	while (my $count = sysread $file, my $room, 65537) {
		$got .= $room;
	}
	equal($got, $expected);
	for my $range (ranges(40, 100000)) {
		my ($at, $length) = @$range;
		sysseek $file, $at, SEEK_SET or die "sysseek: $!\n" if $at > 0;
		sysseek $file, 0, SEEK_SET if $at == 0;
		same(sysread($file, my $room, $length), $length);
		equal($room, substr($expected, $at, $length), "$length at $at");
	}
	same(sysseek($file, -100, SEEK_END), $size - 100);
	same(sysread($file, my $room, 1000, 5), 100);
	equal(substr($room, 5), substr($expected, -100));
}

sub check_layers {
	for my $layer (':unix', ':stdio', ':perlio', ':mmap', ':unix:perlio', ':raw:bytes') {
		my $file = opened($layer);
		binmode $file if $layer eq ':stdio';
		equal(whole($file), $expected, $layer);
		seek $file, $size - 5000, SEEK_SET;
		equal(whole($file), substr($expected, -5000), "$layer, the end");
	}
	my $file = opened(':encoding(latin1)');
	my $text = whole($file);
	utf8::downgrade($text);
	equal($text, $expected, 'latin1');
}

sub check_bare_words {
	no strict 'refs';
	open F, $model or die "open: $!\n";
	binmode F;
	equal(join('', <F>), $expected);
	close F;
	local @ARGV = ($model);
	equal(join('', <>), $expected, 'the files of the command line');
}

sub check_IO_File {
	my $file = IO::File->new($model, 'r') or die "new: $!\n";
	$file->binmode;
	same($file->read(my $room, 3000), 3000);
	equal($room, substr($expected, 0, 3000));
	$file->seek($size - 3000, SEEK_SET);
	same($file->getc, substr($expected, $size - 3000, 1));
	$file->ungetc(ord 'x');
	same($file->getc, 'x');
	equal(join('', $file->getlines), substr($expected, $size - 2999));
	same($file->eof ? 1 : 0, 1);
	$file->close;
}

sub check_File_Copy {
	for my $copy (\&File::Copy::copy, \&File::Copy::syscopy, sub { File::Copy::copy($_[0], $_[1], 1000) }) {
		$copy->($model, named('copy')) or die "copy: $!\n";
		copied(named('copy'));
	}
	File::Copy::copy(opened(), named('copy')) or die "copy: $!\n";
	copied(named('copy'));
}

sub check_File_Compare {
	same(File::Compare::compare($model, $expected_path), 0);
}

sub check_duplicates {
	my $file = opened(':unix');
	open my $twin, '<&', $file or die "dup: $!\n";
	open my $alias, '<&=', fileno $file or die "fdopen: $!\n";
	sysseek $file, $size - 9000, SEEK_SET;
	for my $turn (0 .. 2) {
		my $reader = ($file, $twin, $alias)[$turn];
		same(sysread($reader, my $room, 3000), 3000);
		equal($room, substr($expected, $size - 9000 + 3000 * $turn, 3000), "turn $turn");
	}
}

sub check_POSIX {
	my $fd = POSIX::open($model, O_RDONLY);
	die "open: $!\n" unless defined $fd;
	my $other = POSIX::dup2($fd, 50);
	POSIX::lseek($fd, $size - 5000, SEEK_SET);
	same(POSIX::read($other, my $room, 2000), 2000);
	equal($room, substr($expected, -5000, 2000));
	same(POSIX::read($fd, $room, 9999), 3000);
	equal($room, substr($expected, -3000));
	POSIX::close($_) for $fd, $other;
}

sub check_Digest {
	same(Digest::SHA->new(256)->addfile($model, 'b')->hexdigest, Digest::SHA::sha256_hex($expected));
	same(Digest::SHA->new(256)->addfile(opened())->hexdigest, Digest::SHA::sha256_hex($expected));
}

sub check_standard_input {
	open my $kept, '<&', \*STDIN or die "dup: $!\n";
	close STDIN;
	open STDIN, '<:raw', $model or die "open: $!\n";
	my $got = `cat`;
	open STDIN, '<&', $kept or die "dup: $!\n";
	equal($got, $expected);
}

sub check_children_meanwhile {
	my $file = opened(':unix');
	for my $turn (0 .. 2) {
		equal(scalar `cat '$model'`, $expected, 'a child');
		my $child = fork;
		die "fork: $!\n" unless defined $child;
		if ($child == 0) {
			my $count = sysread $file, my $room, 50000;
			POSIX::_exit($count == 50000 && $room eq substr($expected, $turn * 100000, 50000) ? 0 : 1);
		}
		waitpid $child, 0;
		same($?, 0);
		same(sysread($file, my $room, 50000), 50000);
		equal($room, substr($expected, $turn * 100000 + 50000, 50000), 'after the child');
	}
}

sub check_two_argument_open_and_pipes {
	open my $pipe, '-|', 'cat', $model or die "open: $!\n";
	binmode $pipe;
	equal(whole($pipe), $expected, 'from a pipe');
	close $pipe;
	same($?, 0);
	open $pipe, '|-', "cat > '" . named('piped') . "'" or die "open: $!\n";
	binmode $pipe;
	print {$pipe} whole(opened());
	close $pipe;
	copied(named('piped'));
}

sub same_sizes {
	same(-s $model, $size);
	same((stat opened())[7], $size);
	same(-s $expected_path, $size);
}

sub same_errors {
	same((open my $file, '<', named('none')) ? 1 : 0, 0);
	same($!{ENOENT} ? 1 : 0, 1);
}

open my $file, '<:raw', $expected_path or die "open: $!\n";
$expected = whole($file);
$size = length $expected;
open my $source, '<', __FILE__ or die "open: $!\n";
for my $name (map { /^sub ((?:check|same)_\w+)/ ? $1 : () } <$source>) {
	my $says = eval { no strict 'refs'; &$name(); 1 } ? 'ok' : $@;
	$says =~ s/[^ -~]|["\\]/'/g;
	syswrite STDOUT, "{\"check\": \"$name\", \"says\": \"$says\"}\n";
}
