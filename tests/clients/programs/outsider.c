/* PROGRAM inherited|received NUMBER EXPECTED, linked statically: descriptor NUMBER, or the one that comes over socket NUMBER,
 * must show the bytes of the file EXPECTED. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int receive(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	int fd = -1;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct stat st;
	if (argc != 4)
		return 2;
	int fd = atoi(argv[2]), plain = open(argv[3], O_RDONLY);
	if (strcmp(argv[1], "received") == 0)
		fd = receive(fd);
	if (plain < 0 || fstat(plain, &st) != 0)
		return 2;
	size_t size = (size_t)st.st_size;
	unsigned char *expected = malloc(size), *room = malloc(size);
	if (expected == NULL || room == NULL || read(plain, expected, size) != (ssize_t)size)
		return 2;
	if (read(fd, room, size) != (ssize_t)size || memcmp(room, expected, size) != 0)
		return 1;
	unsigned char *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	return p == MAP_FAILED || memcmp(p, expected, size) != 0;
}
