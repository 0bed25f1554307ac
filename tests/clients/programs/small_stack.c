/* Open a file on a thread with as little stack as programs dare to give one: prints errno, 0 when it went well. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

static void *run(void *path)
{
	static int result;
	result = open(path, O_RDONLY) >= 0 ? 0 : errno;
	return &result;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	pthread_attr_t attributes;
	void *result;
	if (argc != 2 || pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, 64 * 1024) != 0
	    || pthread_create(&thread, &attributes, run, argv[1]) != 0 || pthread_join(thread, &result) != 0)
		return 1;
	printf("%d\n", *(int *)result);
	return 0;
}
