// std::ifstream and what is built on it: fopen64, fileno, read and lseek64 on one file.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "checks.h"

static std::ifstream input(std::ios::openmode mode = std::ios::binary)
{
	std::ifstream in(model, mode);
	if (!in)
		fail("ifstream does not open");
	return in;
}

static void expect(const std::string &got, size_t at, size_t len)
{
	gives(len, got.size());
	right(got.data(), at, len);
}

CHECK(check_read_whole)
{
	auto in = input();
	std::string got(size, '\0');
	in.read(got.data(), (std::streamsize)size);
	gives(size, in.gcount());
	expect(got, 0, size);
	must(in.get() == EOF && in.eof());
}

CHECK(check_size_by_ate)
{
	auto in = input(std::ios::binary | std::ios::ate);
	gives(size, (std::streamoff)in.tellg());
	in.seekg(0);
	std::string got((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
	expect(got, 0, size);
}

CHECK(check_rdbuf)
{
	auto in = input();
	std::ostringstream out;
	out << in.rdbuf();
	expect(out.str(), 0, size);
}

CHECK(check_seekg_tellg)
{
	auto in = input();
	for (int i = 0; i < 300; i++) {
		size_t at = draw(size), len = 1 + draw(i % 5 == 0 ? 50000 : 100);
		if (len > size - at)
			len = size - at;
		in.seekg((std::streamoff)at);
		gives(at, (std::streamoff)in.tellg());
		std::string got(len, '\0');
		in.read(got.data(), (std::streamsize)len);
		expect(got, at, len);
		gives(at + len, (std::streamoff)in.tellg());
	}
	in.seekg(-100, std::ios::end);
	std::string got(100, '\0');
	in.read(got.data(), 100);
	expect(got, size - 100, 100);
	in.clear();
	in.seekg(-50, std::ios::cur);
	in.read(got.data(), 50);
	right(got.data(), size - 50, 50);
}

CHECK(check_small_and_large_reads_mixed)
{
	// Small ones go through the buffer, large ones past it.
	auto in = input();
	size_t at = 0;
	for (int i = 0; at < size; i++) {
		size_t len = i % 4 == 0 ? 100000 : 1 + draw(50);
		if (len > size - at)
			len = size - at;
		std::string got(len, '\0');
		must((bool)in.read(got.data(), (std::streamsize)len));
		expect(got, at, len);
		at += len;
		if (i % 7 == 0 && at < size) {
			gives(expected[at], in.get());
			in.unget();
		}
	}
}

CHECK(check_safetensors_header)
{
	// As loaders in C++ do it.
	auto in = input();
	uint64_t length = 0;
	in.read(reinterpret_cast<char *>(&length), sizeof length);
	std::vector<char> header(length);
	in.read(header.data(), (std::streamsize)length);
	right(header.data(), 8, length);
	std::string text(header.begin(), header.end());
	must(text.find("__encryption__") == std::string::npos);
	std::string data(1000, '\0');
	in.seekg((std::streamoff)(8 + length));
	in.read(data.data(), 1000);
	expect(data, 8 + length, 1000);
}

CHECK(check_lines)
{
	auto in = input();
	std::string line, all;
	while (std::getline(in, line)) {
		all += line;
		if (!in.eof())
			all += '\n';
	}
	expect(all, 0, size);
}

CHECK(check_no_buffer)
{
	std::ifstream in;
	in.rdbuf()->pubsetbuf(nullptr, 0);
	in.open(model, std::ios::binary);
	std::string got(5000, '\0');
	in.seekg(1001);
	in.read(got.data(), 5000);
	expect(got, 1001, 5000);
}

CHECK(check_reopened)
{
	std::ifstream in(expected_path, std::ios::binary);
	std::string got(3000, '\0');
	in.read(got.data(), 3000);
	expect(got, 0, 3000);
	in.close();
	in.open(model, std::ios::binary);
	in.read(got.data(), 3000);
	expect(got, 0, 3000);
	in.close();
	in.open("/dev/zero", std::ios::binary);
	in.read(got.data(), 3000);
	must(got == std::string(3000, '\0'));
}

CHECK(check_filesystem_copy)
{
	auto to = std::filesystem::path(scratch) / "copied";
	std::filesystem::remove(to);
	std::filesystem::copy_file(model, to);
	std::ifstream in(to, std::ios::binary);
	std::string got((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
	expect(got, 0, size);
}

CHECK(check_filesystem_copy_in_other_ways)
{
	namespace files = std::filesystem;
	auto folder = files::path(scratch) / "folder";
	files::create_directory(folder);
	files::copy(model, folder);
	files::copy(folder, files::path(scratch) / "twin", files::copy_options::recursive);
	files::copy_file(model, folder / "other");
	files::copy_file(expected_path, folder / "older");
	files::copy_file(model, folder / "older", files::copy_options::overwrite_existing);
	for (auto &name : {folder / files::path(model).filename(), folder / "other", folder / "older",
			   files::path(scratch) / "twin" / files::path(model).filename()}) {
		std::ifstream in(name, std::ios::binary);
		std::string got((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
		expect(got, 0, size);
	}
	files::remove_all(folder);
	files::remove_all(files::path(scratch) / "twin");
}

CHECK(check_filebuf)
{
	std::filebuf buffer;
	must(buffer.open(model, std::ios::in | std::ios::binary) != nullptr);
	std::string got(size, '\0');
	gives(size, buffer.sgetn(got.data(), (std::streamsize)size));
	expect(got, 0, size);
	gives(size - 4321, (std::streamoff)buffer.pubseekoff(-4321, std::ios::end));
	gives(expected[size - 4321], buffer.sbumpc());
	gives(expected[size - 4320], buffer.sgetc());
	gives(4320, buffer.sgetn(got.data(), (std::streamsize)size));
	right(got.data(), size - 4320, 4320);
	must(buffer.close() != nullptr);
}

CHECK(check_fstream)
{
	std::fstream in(model, std::ios::in | std::ios::binary);
	must(in.is_open());
	std::string got(20000, '\0');
	in.seekg((std::streamoff)(size - 20000));
	must((bool)in.read(got.data(), 20000));
	expect(got, size - 20000, 20000);
	must(!in.write("x", 1)); // it is open for reading
}

CHECK(check_copied_between_streams)
{
	{
		auto in = input();
		std::ofstream out(scratch_path("streamed"), std::ios::binary);
		out << in.rdbuf();
	}
	std::ifstream again(scratch_path("streamed"), std::ios::binary);
	std::string got((std::istreambuf_iterator<char>(again)), std::istreambuf_iterator<char>());
	expect(got, 0, size);
}

CHECK(check_stdio)
{
	std::FILE *f = std::fopen(model, "rb");
	must(f != nullptr);
	std::setvbuf(f, nullptr, _IOFBF, 1 << 16);
	gives(size, std::fread(room, 1, room_size, f));
	right(room, 0, size);
	must(std::fseek(f, -1000, SEEK_END) == 0);
	gives(size - 1000, std::ftell(f));
	gives(expected[size - 1000], std::fgetc(f));
	std::rewind(f);
	gives(expected[0], std::getc(f));
	std::fclose(f);
}

CHECK(check_wide_and_moved)
{
	auto first = input();
	first.seekg((std::streamoff)(size - 3000));
	std::ifstream second(std::move(first));
	std::string got(3000, '\0');
	must((bool)second.read(got.data(), 3000));
	expect(got, size - 3000, 3000);
	second.sync();
	second.seekg(0);
	std::vector<std::ifstream> many;
	for (int i = 0; i < 20; i++)
		many.push_back(input());
	for (auto &in : many) {
		in.seekg((std::streamoff)(size - 3000));
		must((bool)in.read(got.data(), 3000));
		expect(got, size - 3000, 3000);
	}
}

CHECK(check_threads)
{
	std::vector<std::thread> threads;
	std::vector<int> good(6, 0);
	for (size_t t = 0; t < good.size(); t++)
		threads.emplace_back([t, &good] {
			std::ifstream in(model, std::ios::binary);
			std::string got((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
			good[t] = got.size() == size && memcmp(got.data(), expected, size) == 0;
		});
	for (auto &thread : threads)
		thread.join();
	for (int g : good)
		gives(1, g);
}

CHECK(same_size)
{
	gives(size, std::filesystem::file_size(model));
	must(!std::ifstream("/does/not/exist"));
}
