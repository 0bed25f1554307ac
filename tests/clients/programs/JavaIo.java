// Java's ways to read a file: java JavaIo MODEL EXPECTED SCRATCH prints a line of JSON for each check.
import java.io.*;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

import static java.nio.file.StandardOpenOption.*;

public class JavaIo {
	static String model;
	static Path path, scratch, expectedPath;
	static byte[] expected;
	static int size;
	static final Random random = new Random(1);

	static void equal(byte[] got, int at, int length) {
		if (got.length != length)
			throw new AssertionError(got.length + " bytes instead of " + length + " at " + at);
		int first = Arrays.mismatch(got, 0, length, expected, at, at + length);
		if (first >= 0)
			throw new AssertionError("byte " + first + " of " + length + " at " + at + " differs");
	}

	static void equal(ByteBuffer got, int at, int length) {
		byte[] bytes = new byte[got.remaining()];
		got.get(bytes);
		equal(bytes, at, length);
	}

	static void equal(Path copy) throws IOException {
		equal(Files.readAllBytes(copy), 0, size);
		Files.delete(copy);
	}

	static void same(long got, long want) {
		if (got != want)
			throw new AssertionError(got + " instead of " + want);
	}

	static Path named(String name) {
		return scratch.resolve(name);
	}

	/** Offsets and lengths inside the file, the edges among them. */
	static int[][] ranges(int count, int longest) {
		int[][] found = new int[count + 4][];
		found[0] = new int[] {0, 1};
		found[1] = new int[] {7, 2};
		found[2] = new int[] {size - 1, 1};
		found[3] = new int[] {0, Math.min(size, longest)};
		for (int i = 0; i < count; i++) {
			int at = random.nextInt(size);
			found[i + 4] = new int[] {at, 1 + random.nextInt(Math.min(longest, size - at))};
		}
		return found;
	}

	static FileChannel channel() throws IOException {
		return FileChannel.open(path, READ);
	}

	/** Fill the buffer, from the position or from `at`. */
	static void fill(FileChannel channel, ByteBuffer room, int at) throws IOException {
		int total = 0;
		for (int got; room.hasRemaining(); total += got) {
			got = at < 0 ? channel.read(room) : channel.read(room, at + total);
			if (got <= 0)
				throw new EOFException("after " + total + " bytes");
		}
		room.flip();
	}

	static void check_FileInputStream() throws Exception {
		try (FileInputStream in = new FileInputStream(model)) {
			equal(in.readAllBytes(), 0, size);
			same(in.read(), -1);
		}
		try (FileInputStream in = new FileInputStream(new File(model))) {
			same(in.read(), expected[0] & 0xff);
			same(in.skip(9999), 9999);
			same(in.available(), size - 10000);
			equal(in.readNBytes(20000), 10000, 20000);
			equal(in.readNBytes(size), 30000, size - 30000);
		}
	}

	static void check_BufferedInputStream() throws Exception {
		try (InputStream in = new BufferedInputStream(new FileInputStream(model), 1000)) {
			ByteArrayOutputStream out = new ByteArrayOutputStream();
			in.mark(500);
			in.read();
			in.reset();
			for (int b; out.size() < 50000 && (b = in.read()) >= 0;)
				out.write(b);
			in.transferTo(out);
			equal(out.toByteArray(), 0, size);
		}
	}

	static void check_DataInputStream() throws Exception {
		try (DataInputStream in = new DataInputStream(new FileInputStream(model))) {
			same(Long.reverseBytes(in.readLong()), ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN).getLong());
			byte[] room = new byte[size - 8];
			in.readFully(room);
			equal(room, 8, size - 8);
		}
	}

	static void check_RandomAccessFile() throws Exception {
		try (RandomAccessFile file = new RandomAccessFile(model, "r")) {
			same(file.length(), size);
			for (int[] range : ranges(60, 100000)) {
				byte[] room = new byte[range[1]];
				file.seek(range[0]);
				file.readFully(room);
				equal(room, range[0], range[1]);
				same(file.getFilePointer(), range[0] + range[1]);
			}
			file.seek(size - 3);
			same(file.read(new byte[10]), 3);
			same(file.read(), -1);
		}
	}

	static void check_RandomAccessFile_and_its_channel() throws Exception {
		try (RandomAccessFile file = new RandomAccessFile(model, "r")) {
			file.seek(size - 5000);
			ByteBuffer room = ByteBuffer.allocate(3000);
			fill(file.getChannel(), room, -1);
			equal(room, size - 5000, 3000);
			byte[] rest = new byte[100];
			file.readFully(rest);
			equal(rest, size - 2000, 100);
		}
	}

	static void channelReads(boolean direct) throws Exception {
		try (FileChannel channel = channel()) {
			same(channel.size(), size);
			ByteBuffer all = direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
			fill(channel, all, -1);
			equal(all, 0, size);
			same(channel.read(ByteBuffer.allocate(1)), -1);
			for (int[] range : ranges(40, 100000)) {
				ByteBuffer room = direct ? ByteBuffer.allocateDirect(range[1]) : ByteBuffer.allocate(range[1]);
				fill(channel, room, range[0]);
				equal(room, range[0], range[1]);
			}
			same(channel.position(), size);
			channel.position(777);
			ByteBuffer room = direct ? ByteBuffer.allocateDirect(500) : ByteBuffer.allocate(500);
			fill(channel, room, -1);
			equal(room, 777, 500);
		}
	}

	static void check_FileChannel_heap() throws Exception {
		channelReads(false);
	}

	static void check_FileChannel_direct() throws Exception {
		channelReads(true);
	}

	static void check_FileChannel_scattering() throws Exception {
		try (FileChannel channel = channel()) {
			ByteBuffer[] parts = {ByteBuffer.allocateDirect(13), ByteBuffer.allocate(4096), ByteBuffer.allocate(0),
				ByteBuffer.allocateDirect(70001)};
			channel.position(501);
			same(channel.read(parts), 13 + 4096 + 70001);
			int at = 501;
			for (ByteBuffer part : parts) {
				part.flip();
				int length = part.remaining();
				equal(part, at, length);
				at += length;
			}
			same(channel.position(), at);
		}
	}

	static void check_map() throws Exception {
		MappedByteBuffer kept;
		try (FileChannel channel = channel()) {
			kept = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
			equal(kept.duplicate(), 0, size);
			kept.load();
			if (kept.isReadOnly() != true)
				throw new AssertionError("writable");
			kept.isLoaded();
			for (int[] range : ranges(10, 100000))
				equal(channel.map(FileChannel.MapMode.READ_ONLY, range[0], range[1]), range[0], range[1]);
		}
		equal(kept, 0, size); // the channel is closed
	}

	static void check_map_private() throws Exception {
		// FileChannel wants a writable channel for a private mapping: the model's is none.
		try (FileChannel channel = channel()) {
			try {
				channel.map(FileChannel.MapMode.PRIVATE, 0, size);
				throw new AssertionError("mapped");
			} catch (NonWritableChannelException e) {
				// as it should be
			}
			equal(channel.map(FileChannel.MapMode.READ_ONLY, 0, size), 0, size);
		}
	}

	static void check_mapping_goes_to_the_kernel() throws Exception {
		try (FileChannel channel = channel(); FileChannel out = FileChannel.open(named("written"), CREATE, WRITE)) {
			ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
			while (mapped.hasRemaining())
				out.write(mapped);
		}
		equal(named("written"));
	}

	static void check_transferTo_file() throws Exception {
		try (FileChannel channel = channel(); FileChannel out = FileChannel.open(named("sent"), CREATE, WRITE)) {
			for (long at = 0; at < size;)
				at += channel.transferTo(at, size - at, out);
		}
		equal(named("sent"));
		try (FileChannel channel = channel(); FileChannel out = FileChannel.open(named("got"), CREATE, WRITE)) {
			for (long at = 0; at < size;)
				at += out.transferFrom(channel, at, size - at);
		}
		equal(named("got"));
	}

	static void check_transferTo_channel() throws Exception {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		try (FileChannel channel = channel()) {
			WritableByteChannel to = Channels.newChannel(out);
			for (long at = 0; at < size;)
				at += channel.transferTo(at, size - at, to);
		}
		equal(out.toByteArray(), 0, size);
	}

	static void check_transferTo_socket() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try (ServerSocketChannel server = ServerSocketChannel.open()) {
			server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			Future<byte[]> received = pool.submit(() -> {
				try (Socket to = new Socket(InetAddress.getLoopbackAddress(), server.socket().getLocalPort())) {
					return to.getInputStream().readAllBytes();
				}
			});
			try (SocketChannel from = server.accept(); FileChannel channel = channel()) {
				for (long at = 0; at < size;)
					at += channel.transferTo(at, size - at, from);
			}
			equal(received.get(), 0, size);
		} finally {
			pool.shutdownNow();
		}
	}

	static void check_InputStream_transferTo() throws Exception {
		try (InputStream in = Files.newInputStream(path); OutputStream out = Files.newOutputStream(named("to"))) {
			same(in.transferTo(out), size);
		}
		equal(named("to"));
		try (InputStream in = new FileInputStream(model); OutputStream out = new FileOutputStream(named("to").toFile())) {
			in.transferTo(out);
		}
		equal(named("to"));
	}

	static void check_Files_copy() throws Exception {
		Files.copy(path, named("copy"));
		equal(named("copy"));
		Files.write(named("copy"), new byte[] {1, 2, 3});
		Files.copy(path, named("copy"), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
		equal(named("copy"));
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		Files.copy(path, out);
		equal(out.toByteArray(), 0, size);
		try (InputStream in = new FileInputStream(model)) {
			Files.copy(in, named("copy"));
		}
		equal(named("copy"));
	}

	static void check_Files_readAllBytes() throws Exception {
		equal(Files.readAllBytes(path), 0, size);
		String text = new String(Files.readAllBytes(path), "ISO-8859-1");
		equal(text.getBytes("ISO-8859-1"), 0, size);
		same(Files.lines(path, java.nio.charset.StandardCharsets.ISO_8859_1).mapToLong(String::length).sum(),
			Files.lines(expectedPath, java.nio.charset.StandardCharsets.ISO_8859_1).mapToLong(String::length).sum());
	}

	static void check_Files_mismatch() throws Exception {
		try { // since Java 12
			same((Long) Files.class.getMethod("mismatch", Path.class, Path.class).invoke(null, path, expectedPath), -1);
		} catch (NoSuchMethodException e) {
			equal(Files.readAllBytes(path), 0, size);
		}
	}

	static void check_SeekableByteChannel() throws Exception {
		try (SeekableByteChannel channel = Files.newByteChannel(path)) {
			ByteBuffer room = ByteBuffer.allocate(4000);
			channel.position(size - 4000);
			while (room.hasRemaining())
				if (channel.read(room) < 0)
					throw new EOFException();
			room.flip();
			equal(room, size - 4000, 4000);
		}
	}

	static void check_AsynchronousFileChannel() throws Exception {
		try (AsynchronousFileChannel channel = AsynchronousFileChannel.open(path, READ)) {
			same(channel.size(), size);
			int[][] ranges = ranges(40, 50000);
			List<ByteBuffer> rooms = new ArrayList<>();
			List<Future<Integer>> reads = new ArrayList<>();
			for (int i = 0; i < ranges.length; i++) {
				rooms.add(i % 2 == 0 ? ByteBuffer.allocate(ranges[i][1]) : ByteBuffer.allocateDirect(ranges[i][1]));
				reads.add(channel.read(rooms.get(i), ranges[i][0]));
			}
			for (int i = 0; i < ranges.length; i++) {
				same(reads.get(i).get(), ranges[i][1]);
				rooms.get(i).flip();
				equal(rooms.get(i), ranges[i][0], ranges[i][1]);
			}
			same(channel.read(ByteBuffer.allocate(10), size).get(), -1);
		}
	}

	static void check_threads() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(6);
		List<Future<?>> all = new ArrayList<>();
		try (FileChannel shared = channel()) {
			for (int t = 0; t < 12; t++) {
				int turn = t;
				all.add(pool.submit(() -> {
					if (turn % 2 == 0)
						equal(Files.readAllBytes(path), 0, size);
					else
						for (int at = turn; at < size - 9000; at += 37777) {
							ByteBuffer room = ByteBuffer.allocate(9000);
							fill(shared, room, at);
							equal(room, at, 9000);
						}
					return null;
				}));
			}
			for (Future<?> one : all)
				one.get();
		} finally {
			pool.shutdownNow();
		}
	}

	static byte[] output(ProcessBuilder builder) throws Exception {
		Process child = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
		byte[] out = child.getInputStream().readAllBytes();
		same(child.waitFor(), 0);
		return out;
	}

	static void check_processes_meanwhile() throws Exception {
		// The launcher closes every descriptor in a child that may share our memory.
		try (FileInputStream in = new FileInputStream(model); FileChannel channel = channel()) {
			MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
			for (int turn = 0; turn < 4; turn++) {
				equal(in.readNBytes(5000), turn * 5000, 5000);
				same(output(new ProcessBuilder("true")).length, 0);
				equal(output(new ProcessBuilder("cat", model)), 0, size);
				ByteBuffer room = ByteBuffer.allocate(5000);
				fill(channel, room, turn * 7000);
				equal(room, turn * 7000, 5000);
			}
			equal(mapped, 0, size);
		}
	}

	static void check_child_with_it_as_input() throws Exception {
		equal(output(new ProcessBuilder("cat").redirectInput(new File(model))), 0, size);
	}

	static void check_number_reused() throws Exception {
		for (int turn = 0; turn < 5; turn++) {
			equal(Files.readAllBytes(path), 0, size);
			equal(Files.readAllBytes(expectedPath), 0, size);
		}
		for (int turn = 0; turn < 5; turn++) {
			RandomAccessFile file = new RandomAccessFile(model, "r");
			byte[] room = new byte[100];
			file.readFully(room);
			equal(room, 0, 100);
			file.seek(size - 100);
			file.readFully(room);
			equal(room, size - 100, 100);
			file.close();
			try (RandomAccessFile other = new RandomAccessFile("/dev/zero", "r")) {
				other.readFully(room);
				if (!Arrays.equals(room, new byte[100]))
					throw new AssertionError("/dev/zero gives something else");
			}
		}
	}

	static void same_sizes() throws Exception {
		same(new File(model).length(), size);
		same(Files.size(path), size);
	}

	static void same_errors() throws Exception {
		try {
			new FileInputStream(named("none").toFile());
			throw new AssertionError("opened");
		} catch (FileNotFoundException e) {
			// as it should be
		}
		same(Files.exists(named("none")) ? 1 : 0, 0);
	}

	static String quoted(String text) {
		return text.replaceAll("[\"\\\\\\p{Cntrl}]", "'");
	}

	public static void main(String[] args) throws Exception {
		model = args[0];
		path = Paths.get(model);
		expectedPath = Paths.get(args[1]);
		scratch = Paths.get(args[2]);
		expected = Files.readAllBytes(expectedPath);
		size = expected.length;
		for (Method method : JavaIo.class.getDeclaredMethods()) {
			if (!method.getName().matches("(check|same)_.*"))
				continue;
			String says = "ok";
			try {
				method.invoke(null);
			} catch (InvocationTargetException e) {
				says = String.valueOf(e.getCause());
			}
			System.out.println("{\"check\": \"" + method.getName() + "\", \"says\": \"" + quoted(says) + "\"}");
		}
		System.exit(0);
	}
}
