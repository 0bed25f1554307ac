// Rust's ways to read a file, in what std brings: rust_io MODEL EXPECTED SCRATCH prints a line of JSON for
// each check.
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::io::{AsRawFd, FromRawFd, IntoRawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

struct Context {
	model: PathBuf,
	scratch: PathBuf,
	expected_path: PathBuf,
	expected: Vec<u8>,
}

impl Context {
	fn size(&self) -> usize {
		self.expected.len()
	}

	fn open(&self) -> File {
		File::open(&self.model).expect("open")
	}

	fn piece(&self, at: usize, length: usize) -> &[u8] {
		&self.expected[at..at + length]
	}

	fn path(&self, name: &str) -> PathBuf {
		self.scratch.join(name)
	}

	/// Offsets and lengths inside the file, the edges among them.
	fn ranges(&self, count: usize, longest: usize) -> Vec<(usize, usize)> {
		let mut found = vec![(0, 1), (7, 2), (self.size() - 1, 1), (0, longest.min(self.size()))];
		let mut state: u64 = 88172645463325252;
		let mut draw = |below: usize| {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			(state % below as u64) as usize
		};
		for _ in 0..count {
			let at = draw(self.size());
			found.push((at, 1 + draw(longest.min(self.size() - at))));
		}
		found
	}
}

fn equal(got: &[u8], want: &[u8]) {
	if got != want {
		let at = got.iter().zip(want).position(|(a, b)| a != b);
		panic!("{} bytes instead of {}, first difference at {:?}", got.len(), want.len(), at);
	}
}

extern "C" {
	fn mmap64(address: *mut u8, len: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> *mut u8;
	fn munmap(address: *mut u8, len: usize) -> i32;
}

const READ: i32 = 1;
const WRITE: i32 = 2;
const SHARED: i32 = 1;
const PRIVATE: i32 = 2;

/// What crates for mapped files do.
struct Map {
	start: *mut u8,
	len: usize,
}

impl Map {
	fn new(file: &File, offset: usize, len: usize, prot: i32, flags: i32) -> Map {
		let start = unsafe { mmap64(std::ptr::null_mut(), len, prot, flags, file.as_raw_fd(), offset as i64) };
		if start as isize == -1 {
			panic!("mmap64: {}", io::Error::last_os_error());
		}
		Map { start, len }
	}

	fn bytes(&self) -> &[u8] {
		unsafe { std::slice::from_raw_parts(self.start, self.len) }
	}

	fn bytes_mut(&mut self) -> &mut [u8] {
		unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
	}
}

impl Drop for Map {
	fn drop(&mut self) {
		unsafe { munmap(self.start, self.len) };
	}
}

/// A list of checks: their names, and what each does with the context.
macro_rules! checks {
	($c:ident; $($name:ident => $body:block)*) => {
		const CHECKS: &[(&str, fn(&Context))] = &[$((stringify!($name), |$c: &Context| $body)),*];
	};
}

checks! { c;
	check_read_to_end => {
		let mut got = Vec::new();
		assert_eq!(c.open().read_to_end(&mut got).unwrap(), c.size());
		equal(&got, &c.expected);
	}
	check_read_exact => {
		let mut file = c.open();
		let mut room = vec![0u8; c.size()];
		file.read_exact(&mut room).unwrap();
		equal(&room, &c.expected);
		assert_eq!(file.read(&mut room).unwrap(), 0);
	}
	check_fs_read => {
		equal(&fs::read(&c.model).unwrap(), &c.expected);
	}
	check_read_in_steps => {
		for step in [1000, 65536, 100003] {
			let (mut file, mut got, mut room) = (c.open(), Vec::new(), vec![0u8; step]);
			loop {
				match file.read(&mut room).unwrap() {
					0 => break,
					n => got.extend_from_slice(&room[..n]),
				}
			}
			equal(&got, &c.expected);
		}
	}
	check_read_at => {
		let mut file = c.open();
		for (at, length) in c.ranges(60, 100000) {
			let mut room = vec![0u8; length];
			assert_eq!(file.read_at(&mut room, at as u64).unwrap(), length);
			equal(&room, c.piece(at, length));
			room.fill(0);
			file.read_exact_at(&mut room, at as u64).unwrap();
			equal(&room, c.piece(at, length));
		}
		assert_eq!(file.stream_position().unwrap(), 0);
		assert_eq!(file.read_at(&mut [0u8; 10], c.size() as u64).unwrap(), 0);
		assert!(file.read_exact_at(&mut [0u8; 10], c.size() as u64 - 5).is_err());
	}
	check_read_vectored => {
		let mut file = c.open();
		file.seek(SeekFrom::Start(501)).unwrap();
		let (mut first, mut second, mut third) = (vec![0u8; 13], vec![0u8; 4096], vec![0u8; 70001]);
		let got = file.read_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second),
			IoSliceMut::new(&mut []), IoSliceMut::new(&mut third)]).unwrap();
		assert_eq!(got, 13 + 4096 + 70001);
		equal(&[first, second, third].concat(), c.piece(501, got));
	}
	check_seek => {
		let mut file = c.open();
		let mut room = [0u8; 4000];
		assert_eq!(file.seek(SeekFrom::End(-4000)).unwrap(), c.size() as u64 - 4000);
		file.read_exact(&mut room).unwrap();
		equal(&room, c.piece(c.size() - 4000, 4000));
		assert_eq!(file.seek(SeekFrom::Current(-14000)).unwrap(), c.size() as u64 - 14000);
		file.read_exact(&mut room).unwrap();
		equal(&room, c.piece(c.size() - 14000, 4000));
		file.rewind().unwrap();
		file.read_exact(&mut room).unwrap();
		equal(&room, c.piece(0, 4000));
	}
	check_buf_reader => {
		for capacity in [100, 8192, 1 << 20] {
			let mut reader = BufReader::with_capacity(capacity, c.open());
			for (at, length) in c.ranges(10, 20000) {
				let mut room = vec![0u8; length];
				reader.seek(SeekFrom::Start(at as u64)).unwrap();
				reader.read_exact(&mut room).unwrap();
				equal(&room, c.piece(at, length));
				reader.seek_relative(-(length as i64)).unwrap();
				reader.read_exact(&mut room).unwrap();
				equal(&room, c.piece(at, length));
			}
		}
		let lines: Vec<Vec<u8>> = BufReader::new(c.open()).split(b'\n').map(|l| l.unwrap()).collect();
		let want: Vec<Vec<u8>> = c.expected.split(|b| *b == b'\n').map(|l| l.to_vec()).collect();
		equal(&lines.join(&b'\n'), want.join(&b'\n').strip_suffix(b"\n").unwrap_or(&want.join(&b'\n')));
	}
	check_bytes_and_take => {
		let mut file = c.open();
		file.seek(SeekFrom::Start(c.size() as u64 - 3000)).unwrap();
		let got: Vec<u8> = Read::by_ref(&mut file).take(500).bytes().map(|b| b.unwrap()).collect();
		equal(&got, c.piece(c.size() - 3000, 500));
		let mut rest = Vec::new();
		file.chain(c.open()).read_to_end(&mut rest).unwrap();
		equal(&rest[..2500], c.piece(c.size() - 2500, 2500));
		equal(&rest[2500..], &c.expected);
	}
	check_try_clone => {
		let mut file = c.open();
		let mut twin = file.try_clone().unwrap();
		let mut room = [0u8; 7000];
		file.seek(SeekFrom::Start(c.size() as u64 - 30000)).unwrap();
		for turn in 0..4 {
			let reader = if turn % 2 == 0 { &mut file } else { &mut twin };
			reader.read_exact(&mut room).unwrap();
			equal(&room, c.piece(c.size() - 30000 + turn * 7000, 7000));
		}
		drop(file);
		twin.read_exact(&mut room[..2000]).unwrap();
		equal(&room[..2000], c.piece(c.size() - 2000, 2000));
	}
	check_raw_descriptor => {
		let fd = c.open().into_raw_fd();
		let mut got = Vec::new();
		unsafe { File::from_raw_fd(fd) }.read_to_end(&mut got).unwrap();
		equal(&got, &c.expected);
	}
	check_open_options => {
		for flags in [0, 0o4000, 0o400000] { // O_NONBLOCK, O_NOFOLLOW
			let mut got = Vec::new();
			OpenOptions::new().read(true).custom_flags(flags).open(&c.model).unwrap()
				.read_to_end(&mut got).unwrap();
			equal(&got, &c.expected);
		}
	}
	check_fs_copy => {
		assert_eq!(fs::copy(&c.model, c.path("copy")).unwrap(), c.size() as u64);
		equal(&fs::read(c.path("copy")).unwrap(), &c.expected);
	}
	check_io_copy_to_file => {
		let (mut from, mut to) = (c.open(), File::create(c.path("io-copy")).unwrap());
		assert_eq!(io::copy(&mut from, &mut to).unwrap(), c.size() as u64);
		equal(&fs::read(c.path("io-copy")).unwrap(), &c.expected);
		let (mut reader, mut to) = (BufReader::new(c.open()), File::create(c.path("io-copy")).unwrap());
		reader.fill_buf().unwrap();
		io::copy(&mut reader, &mut to).unwrap();
		equal(&fs::read(c.path("io-copy")).unwrap(), &c.expected);
	}
	check_io_copy_to_pipe => {
		let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
		let (mut pipe, mut from) = (child.stdin.take().unwrap(), c.open());
		let writer = thread::spawn(move || io::copy(&mut from, &mut pipe).map_err(|e| e.to_string()));
		let mut got = Vec::new();
		child.stdout.take().unwrap().read_to_end(&mut got).unwrap();
		child.wait().unwrap();
		assert_eq!(writer.join().unwrap(), Ok(c.size() as u64));
		equal(&got, &c.expected);
	}
	check_io_copy_to_socket => {
		let (mut left, mut right) = UnixStream::pair().unwrap();
		let mut from = c.open();
		let writer = thread::spawn(move || io::copy(&mut from, &mut left).map_err(|e| e.to_string()));
		let mut got = Vec::new();
		right.read_to_end(&mut got).unwrap();
		assert_eq!(writer.join().unwrap(), Ok(c.size() as u64));
		equal(&got, &c.expected);
	}
	check_map_shared => {
		let map = Map::new(&c.open(), 0, c.size(), READ, SHARED); // the file is closed
		equal(map.bytes(), &c.expected);
		let (file, page) = (c.open(), 4096);
		for (at, length) in c.ranges(10, 100000) {
			let start = at / page * page;
			let map = Map::new(&file, start, at - start + length, READ, SHARED);
			equal(&map.bytes()[at - start..], c.piece(at, length));
		}
	}
	check_map_private => {
		let mut map = Map::new(&c.open(), 0, c.size(), READ | WRITE, PRIVATE);
		equal(map.bytes(), &c.expected);
		let last = c.size() - 1;
		map.bytes_mut()[last] ^= 0xff;
		map.bytes_mut()[..4].copy_from_slice(b"abcd");
		let again = Map::new(&c.open(), 0, c.size(), READ, PRIVATE);
		equal(again.bytes(), &c.expected);
		equal(&map.bytes()[4..last], &c.expected[4..last]);
		equal(&map.bytes()[..4], b"abcd");
	}
	check_mapping_goes_to_the_kernel => {
		let map = Map::new(&c.open(), 0, c.size(), READ, SHARED);
		File::create(c.path("written")).unwrap().write_all(map.bytes()).unwrap();
		equal(&fs::read(c.path("written")).unwrap(), &c.expected);
	}
	check_threads => {
		let file = c.open();
		thread::scope(|scope| {
			for _ in 0..4 {
				scope.spawn(|| equal(&fs::read(&c.model).unwrap(), &c.expected));
				scope.spawn(|| for (at, length) in c.ranges(40, 30000) {
					let mut room = vec![0u8; length];
					file.read_exact_at(&mut room, at as u64).unwrap();
					equal(&room, c.piece(at, length));
				});
			}
		});
	}
	check_commands_meanwhile => {
		let mut file = c.open();
		let map = Map::new(&file, 0, c.size(), READ, SHARED);
		let mut room = [0u8; 30000];
		for turn in 0..4 {
			file.read_exact(&mut room).unwrap();
			equal(&room, c.piece(turn * 30000, 30000));
			let out = Command::new("cat").arg(&c.model).output().unwrap();
			assert!(out.status.success());
			equal(&out.stdout, &c.expected);
		}
		equal(map.bytes(), &c.expected);
	}
	check_command_with_it_as_input => {
		let mut file = c.open();
		file.seek(SeekFrom::Start(1000)).unwrap();
		let out = Command::new("cat").stdin(Stdio::from(file)).output().unwrap();
		equal(&out.stdout, &c.expected[1000..]);
	}
	same_sizes => {
		assert_eq!(fs::metadata(&c.model).unwrap().len(), c.size() as u64);
		assert_eq!(c.open().metadata().unwrap().len(), c.size() as u64);
		assert_eq!(fs::metadata(&c.expected_path).unwrap().len(), c.size() as u64);
	}
	same_errors => {
		assert_eq!(File::open(c.path("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
		assert!(fs::read(&c.scratch).is_err());
	}
}

fn main() {
	let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
	let c = Context {
		model: args[0].clone(),
		expected_path: args[1].clone(),
		scratch: args[2].clone(),
		expected: fs::read(&args[1]).unwrap(),
	};
	std::panic::set_hook(Box::new(|_| ()));
	for (name, run) in CHECKS {
		let says = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&c))) {
			Ok(()) => "ok".to_string(),
			Err(e) => e.downcast_ref::<String>().cloned()
				.or_else(|| e.downcast_ref::<&str>().map(|s| s.to_string()))
				.unwrap_or_else(|| "panic".to_string()),
		};
		let says: String = says.chars().map(|ch| if ch == '"' || ch == '\\' || ch < ' ' { '\'' } else { ch }).collect();
		println!("{{\"check\": \"{}\", \"says\": \"{}\"}}", name, says);
	}
}
