// Node's ways to read a file: node node_io.js MODEL EXPECTED SCRATCH prints a line of JSON for each check.
"use strict";
const { spawn, spawnSync, execFileSync } = require("child_process");
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const path = require("path");
const stream = require("stream");
const { promisify } = require("util");
const { Worker, isMainThread, workerData, parentPort } = require("worker_threads");

const [model, expectedPath, scratch] = process.argv.slice(2);
const C = fs.constants;
const fsp = fs.promises;
const finished = promisify(stream.pipeline);
let expected, size;

function equal(got, want, what = "content") {
	if (got.equals(want))
		return;
	let at = 0;
	while (at < Math.min(got.length, want.length) && got[at] === want[at])
		at++;
	throw new Error(`${what}: ${got.length} bytes instead of ${want.length}, first difference at ${at}`);
}

function same(got, want, what = "value") {
	if (got !== want)
		throw new Error(`${what}: ${got} instead of ${want}`);
}

// Offsets and lengths inside the file, the edges among them; the same ones each time.
function ranges(count, longest) {
	const found = [[0, 1], [0, 8], [7, 2], [size - 1, 1], [0, Math.min(size, longest)]];
	for (let i = 0, state = 12345; i < count; i++) {
		state = (state * 48271) % 2147483647;
		const at = state % size;
		state = (state * 48271) % 2147483647;
		found.push([at, 1 + state % Math.min(longest, size - at)]);
	}
	return found;
}

function piece(at, length) {
	return expected.subarray(at, at + length);
}

function digest(bytes) {
	return crypto.createHash("sha256").update(bytes).digest("hex");
}

function named(name) {
	return path.join(scratch, name);
}

function opened(use) {
	const fd = fs.openSync(model, "r");
	try {
		return use(fd);
	} finally {
		fs.closeSync(fd);
	}
}

async function handle(use) {
	const file = await fsp.open(model, "r");
	try {
		return await use(file);
	} finally {
		await file.close();
	}
}

function copied(name) {
	equal(fs.readFileSync(named(name)), expected, `the copy ${name}`);
	fs.unlinkSync(named(name));
}

async function whole(readable) {
	const parts = [];
	for await (const part of readable)
		parts.push(part);
	return Buffer.concat(parts);
}

const checks = {
	check_readFileSync() {
		equal(fs.readFileSync(model), expected);
	},

	check_readFileSync_of_descriptor() {
		opened((fd) => {
			equal(fs.readFileSync(fd), expected);
			same(fs.readFileSync(fd).length, 0, "at the end");
		});
	},

	check_readFileSync_text() {
		equal(Buffer.from(fs.readFileSync(model, "latin1"), "latin1"), expected);
		same(fs.readFileSync(model, "utf8"), expected.toString("utf8"), "text");
	},

	async check_readFile() {
		equal(await promisify(fs.readFile)(model), expected);
		const fd = fs.openSync(model, "r");
		equal(await promisify(fs.readFile)(fd), expected, "of a descriptor");
		fs.closeSync(fd);
	},

	async check_promises_readFile() {
		equal(await fsp.readFile(model), expected);
		await handle(async (file) => equal(await file.readFile(), expected, "of a handle"));
	},

	async check_many_at_once() {
		const all = await Promise.all(Array.from({ length: 24 }, () => fsp.readFile(model)));
		all.forEach((got) => equal(got, expected));
	},

	check_readSync_at_positions() {
		opened((fd) => {
			for (const [at, length] of ranges(60, 100000)) {
				const room = Buffer.alloc(length);
				same(fs.readSync(fd, room, 0, length, at), length, "count");
				equal(room, piece(at, length), `${length} at ${at}`);
			}
			const room = Buffer.alloc(10, 0xa5);
			same(fs.readSync(fd, room, 2, 5, 3), 5, "count");
			equal(room, Buffer.concat([Buffer.alloc(2, 0xa5), piece(3, 5), Buffer.alloc(3, 0xa5)]));
			same(fs.readSync(fd, room, 0, 10, 0), 10, "the position has not moved");
			equal(room, piece(0, 10));
		});
	},

	check_readSync_in_sequence() {
		for (const step of [1000, 65536, 100003])
			opened((fd) => {
				const room = Buffer.alloc(step), parts = [];
				for (let got; (got = fs.readSync(fd, room, 0, step, null)) > 0;)
					parts.push(Buffer.from(room.subarray(0, got)));
				equal(Buffer.concat(parts), expected, `steps of ${step}`);
			});
	},

	check_readSync_past_the_end() {
		opened((fd) => {
			const room = Buffer.alloc(1000, 0xa5);
			same(fs.readSync(fd, room, 0, 1000, size - 10), 10, "at the end");
			equal(room.subarray(0, 10), piece(size - 10, 10));
			same(fs.readSync(fd, room, 0, 1000, size), 0, "behind the end");
			same(fs.readSync(fd, room, 0, 0, 0), 0, "nothing");
			equal(room.subarray(10), Buffer.alloc(990, 0xa5), "what lies behind");
		});
	},

	async check_read_at_positions() {
		const fd = fs.openSync(model, "r"), read = promisify(fs.read);
		await Promise.all(ranges(60, 100000).map(async ([at, length]) => {
			const got = await read(fd, Buffer.alloc(length), 0, length, at);
			same(got.bytesRead, length, "count");
			equal(got.buffer, piece(at, length), `${length} at ${at}`);
		}));
		const got = await read(fd, Buffer.alloc(100), 0, 100, BigInt(5000));
		equal(got.buffer, piece(5000, 100), "a position as a big integer");
		fs.closeSync(fd);
	},

	async check_handle_read() {
		await handle(async (file) => {
			same((await file.stat()).size, size, "size");
			for (let at = 0; at < 50000; at += 5000)
				equal((await file.read(Buffer.alloc(5000), 0, 5000, null)).buffer, piece(at, 5000));
			await Promise.all(ranges(40, 20000).map(async ([at, length]) =>
				equal((await file.read(Buffer.alloc(length), 0, length, at)).buffer, piece(at, length))));
		});
	},

	async check_readv() {
		const parts = () => [1, 4095, 4096, 70001, 3].map((n) => Buffer.alloc(n));
		const total = 78196;
		const fd = fs.openSync(model, "r");
		for (const at of [0, 501, size - total]) {
			const room = parts();
			same(fs.readvSync(fd, room, at), total, "count");
			equal(Buffer.concat(room), piece(at, total), "readvSync");
			const again = parts();
			same(await new Promise((done, failed) =>
				fs.readv(fd, again, at, (error, got) => error ? failed(error) : done(got))), total, "count");
			equal(Buffer.concat(again), piece(at, total), "readv");
		}
		const room = parts();
		same(fs.readvSync(fd, room), total, "count");
		equal(Buffer.concat(room), piece(0, total), "readvSync at the position");
		fs.closeSync(fd);
		await handle(async (file) => {
			const got = await file.readv(parts(), 77);
			equal(Buffer.concat(got.buffers), piece(77, total), "of a handle");
		});
	},

	async check_createReadStream() {
		equal(await whole(fs.createReadStream(model)), expected);
		for (const highWaterMark of [100003, 1 << 20])
			equal(await whole(fs.createReadStream(model, { highWaterMark })), expected, `pieces of ${highWaterMark}`);
	},

	async check_createReadStream_of_a_range() {
		for (const [at, length] of ranges(10, 200000))
			equal(await whole(fs.createReadStream(model, { start: at, end: at + length - 1 })), piece(at, length));
		const fd = fs.openSync(model, "r");
		equal(await whole(fs.createReadStream(null, { fd, start: 9000 })), expected.subarray(9000), "of a descriptor");
	},

	async check_pipes() {
		await finished(fs.createReadStream(model), fs.createWriteStream(named("piped")));
		copied("piped");
		const hash = crypto.createHash("sha256");
		await finished(fs.createReadStream(model), hash);
		same(hash.digest("hex"), digest(expected), "digest");
	},

	async check_stream_of_a_handle() {
		const file = await fsp.open(model, "r");
		if (file.createReadStream)
			equal(await whole(file.createReadStream({ start: 1234 })), expected.subarray(1234));
		else
			equal((await file.readFile()).subarray(1234), expected.subarray(1234));
		await file.close().catch(() => 0);
	},

	async check_blob() {
		const blob = fs.openAsBlob ? Buffer.from(await (await fs.openAsBlob(model)).arrayBuffer())
			: fs.readFileSync(model);
		equal(blob, expected);
	},

	check_copyFileSync() {
		for (const flags of [0, C.COPYFILE_EXCL, C.COPYFILE_FICLONE]) {
			fs.copyFileSync(model, named("copy"), flags);
			copied("copy");
		}
	},

	async check_copyFile() {
		await promisify(fs.copyFile)(model, named("copy"));
		copied("copy");
		await fsp.copyFile(model, named("copy"), C.COPYFILE_FICLONE);
		copied("copy");
		if (fs.cpSync) {
			fs.cpSync(model, named("copy"));
			copied("copy");
		}
	},

	async check_copyFile_that_must_clone() {
		// There is no plaintext to clone: an error, and no copy.
		for (const copy of [fs.copyFileSync, fsp.copyFile]) {
			let error = null;
			try {
				await copy(model, named("clone"), C.COPYFILE_FICLONE_FORCE);
			} catch (e) {
				error = e;
			}
			same(error !== null, true, "refused");
			same(fs.existsSync(named("clone")) && fs.statSync(named("clone")).size > 0, false, "a copy");
		}
		equal(opened((fd) => fs.readFileSync(fd)), expected, "afterwards");
	},

	check_number_reused() {
		for (let turn = 0; turn < 5; turn++) {
			const fd = opened((fd) => {
				equal(fs.readFileSync(fd), expected);
				return fd;
			});
			const other = fs.openSync(__filename, "r"), room = Buffer.alloc(100);
			same(other, fd, "the lowest number");
			fs.readSync(other, room, 0, 100, 0);
			equal(room, fs.readFileSync(__filename).subarray(0, 100), "the plain file");
			fs.closeSync(other);
		}
	},

	async check_worker_threads() {
		const digests = await Promise.all([1, 2, 3].map(() => new Promise((done, failed) => {
			const worker = new Worker(__filename, { workerData: model });
			worker.once("message", done);
			worker.once("error", failed);
		})));
		digests.forEach((got) => same(got, digest(expected), "digest"));
	},

	async check_child_processes_meanwhile() {
		// Children start and end while a stream reads; each reads too.
		const reading = whole(fs.createReadStream(model, { highWaterMark: 4096 }));
		reading.catch(() => 0); // looked at below, if we get there
		for (let turn = 0; turn < 3; turn++) {
			equal(execFileSync("cat", [model], { maxBuffer: size + 1 }), expected, "a child's output");
			const child = spawn("cat", [model]);
			equal(await whole(child.stdout), expected, "another's");
		}
		equal(await reading, expected);
	},

	check_child_with_it_as_input() {
		opened((fd) => {
			const room = Buffer.alloc(1000);
			fs.readSync(fd, room, 0, 1000, null);
			const child = spawnSync("cat", { stdio: [fd, "pipe", "inherit"], maxBuffer: size + 1 });
			equal(child.stdout, expected.subarray(1000));
		});
	},

	async check_http_server() {
		const server = http.createServer((request, response) =>
			fs.createReadStream(model).on("error", () => response.destroy()).pipe(response));
		await new Promise((done) => server.listen(0, "127.0.0.1", done));
		const got = await new Promise((done, failed) =>
			http.get({ port: server.address().port, host: "127.0.0.1", agent: false },
				(response) => whole(response).then(done, failed)).on("error", failed))
			.finally(() => server.close());
		equal(got, expected);
	},

	check_other_names() {
		fs.symlinkSync(model, named("link"));
		opened((fd) => {
			for (const name of [named("link"), path.relative(".", model), `/proc/self/fd/${fd}`,
				new URL(`file://${model}`), Buffer.from(model)])
				equal(fs.readFileSync(name), expected, String(name));
		});
		fs.unlinkSync(named("link"));
	},

	async same_sizes() {
		same(fs.statSync(model).size, size, "stat");
		same((await fsp.stat(model)).size, size, "stat");
		same(fs.statSync(model, { bigint: true }).size, BigInt(size), "stat");
		opened((fd) => same(fs.fstatSync(fd).size, size, "fstat"));
	},

	same_errors() {
		for (const [name, wrong] of [["ENOENT", () => fs.readFileSync(named("none"))],
			["EISDIR", () => fs.readFileSync(scratch)],
			["EBADF", () => fs.readSync(1000, Buffer.alloc(1), 0, 1, 0)]])
			try {
				wrong();
				throw new Error("no error");
			} catch (e) {
				same(e.code, name, "code");
			}
	},
};

async function main() {
	expected = fs.readFileSync(expectedPath);
	size = expected.length;
	for (const [name, run] of Object.entries(checks)) {
		let says = "ok";
		try {
			await run();
		} catch (e) {
			says = String(e && e.message || e).slice(0, 2000);
		}
		fs.writeSync(1, JSON.stringify({ check: name, says }) + "\n");
	}
}

if (isMainThread)
	main();
else
	parentPort.postMessage(digest(fs.readFileSync(workerData)));
