// Preloaded into a server, records what it does to the files below POWERCUT_ROOT into POWERCUT_LOG.
//
// One lock makes the order of the records the order of the calls; a sync is recorded when it has
// come back. Files are named by their inode, so that a rename does not part a file from its writes.
// SQLite's -shm file is left out: it is never synced, and made anew after a crash.
//
// A record: kind (1 byte), inode (8), number (8: offset or size), text size (4), data size (4), text,
// data; integers little endian. Kinds and their text are listed in disk.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kFiles = 65536 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char tracked[kFiles];
static const char* root;
static size_t root_size;
static int log_fd = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  root = getenv("POWERCUT_ROOT");
  const char* path = getenv("POWERCUT_LOG");
  if (root == NULL || path == NULL) {
    return;
  }
  root_size = strlen(root);
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) {
    fprintf(stderr, "recorder: cannot open %s: %s\n", path, strerror(errno));
    abort();
  }
}

static int ours(const char* path) {
  size_t size = strlen(path);
  return log_fd >= 0 && strncmp(path, root, root_size) == 0 &&
         (path[root_size] == '/' || path[root_size] == '\0') &&
         !(size > 4 && strcmp(path + size - 4, "-shm") == 0);
}

static void put(const void* bytes, size_t size) {
  const char* at = bytes;
  while (size > 0) {
    long written = syscall(SYS_write, log_fd, at, size);
    if (written < 0 && errno != EINTR) {
      abort();
    }
    if (written > 0) {
      at += written;
      size -= (size_t)written;
    }
  }
}

static void record(char kind, uint64_t inode, uint64_t number, const char* text, size_t text_size,
                   const void* data, size_t data_size) {
  int error = errno;
  char head[25];
  uint32_t sizes[2] = {(uint32_t)text_size, (uint32_t)data_size};
  head[0] = kind;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &number, 8);
  memcpy(head + 17, sizes, 8);
  // One write: a killed process leaves no half record that more could follow.
  char* whole = malloc(sizeof head + text_size + data_size);
  memcpy(whole, head, sizeof head);
  memcpy(whole + sizeof head, text, text_size);
  memcpy(whole + sizeof head + text_size, data, data_size);
  put(whole, sizeof head + text_size + data_size);
  free(whole);
  errno = error;
}

static int is_tracked(int fd) { return log_fd >= 0 && fd >= 0 && fd < kFiles && tracked[fd]; }

static uint64_t inode_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

static int do_open(const char* path, int flags, mode_t mode) {
  static int (*real)(const char*, int, ...);
  if (real == NULL) {
    real = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, "open64");
  }
  if (!ours(path)) {
    return real(path, flags, mode);
  }
  pthread_mutex_lock(&lock);
  struct stat before;
  int existed = stat(path, &before) == 0;
  int fd = real(path, flags, mode);
  if (fd >= 0 && fd < kFiles) {
    tracked[fd] = 1;
    if (!existed) {
      record('C', inode_of(fd), 0, path, strlen(path), "", 0);
    } else if ((flags & O_TRUNC) != 0) {
      record('T', inode_of(fd), 0, "", 0, "", 0);
    }
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return do_open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return do_open(path, flags, mode);
}

int close(int fd) {
  if (fd >= 0 && fd < kFiles) {
    tracked[fd] = 0;
  }
  return (int)syscall(SYS_close, fd);
}

static ssize_t do_pwrite(int fd, const void* bytes, size_t size, off64_t offset) {
  if (!is_tracked(fd)) {
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
  }
  pthread_mutex_lock(&lock);
  ssize_t written = syscall(SYS_pwrite64, fd, bytes, size, offset);
  if (written > 0) {
    record('W', inode_of(fd), (uint64_t)offset, "", 0, bytes, (size_t)written);
  }
  pthread_mutex_unlock(&lock);
  return written;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) { return do_pwrite(fd, bytes, size, offset); }
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) { return do_pwrite(fd, bytes, size, offset); }

ssize_t write(int fd, const void* bytes, size_t size) {
  if (!is_tracked(fd)) {
    return syscall(SYS_write, fd, bytes, size);
  }
  pthread_mutex_lock(&lock);
  off64_t offset = lseek64(fd, 0, SEEK_CUR);
  ssize_t written = syscall(SYS_write, fd, bytes, size);
  if (written > 0) {
    record('W', inode_of(fd), (uint64_t)offset, "", 0, bytes, (size_t)written);
  }
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  if (is_tracked(fd)) {
    abort();  // the server does not gather into files: the recorder would have to learn it
  }
  return syscall(SYS_writev, fd, pieces, count);
}

static int do_truncate(int fd, off64_t size) {
  if (!is_tracked(fd)) {
    return (int)syscall(SYS_ftruncate, fd, size);
  }
  pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_ftruncate, fd, size);
  if (result == 0) {
    record('T', inode_of(fd), (uint64_t)size, "", 0, "", 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return do_truncate(fd, size); }

static int do_sync(int fd, long call) {
  if (!is_tracked(fd)) {
    return (int)syscall(call, fd);
  }
  pthread_mutex_lock(&lock);
  int result = (int)syscall(call, fd);
  struct stat info;
  if (result == 0 && fstat(fd, &info) == 0) {
    char path[4096] = "";
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = S_ISDIR(info.st_mode) ? readlink(link, path, sizeof path) : 0;
    record(S_ISDIR(info.st_mode) ? 'D' : 'S', info.st_ino, 0, path, (size_t)size, "", 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }

int rename(const char* from, const char* to) {
  if (!ours(from)) {
    return REAL(rename)(from, to);
  }
  pthread_mutex_lock(&lock);
  int result = REAL(rename)(from, to);
  if (result == 0) {
    record('R', 0, 0, from, strlen(from), to, strlen(to));
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int on_path(int result, char kind, const char* path) {
  if (result == 0) {
    record(kind, 0, 0, path, strlen(path), "", 0);
  }
  return result;
}
int unlink(const char* path) {
  if (!ours(path)) {
    return REAL(unlink)(path);
  }
  pthread_mutex_lock(&lock);
  int result = on_path(REAL(unlink)(path), 'U', path);
  pthread_mutex_unlock(&lock);
  return result;
}
int mkdir(const char* path, mode_t mode) {
  if (!ours(path)) {
    return REAL(mkdir)(path, mode);
  }
  pthread_mutex_lock(&lock);
  int result = on_path(REAL(mkdir)(path, mode), 'M', path);
  pthread_mutex_unlock(&lock);
  return result;
}
int rmdir(const char* path) {
  if (!ours(path)) {
    return REAL(rmdir)(path);
  }
  pthread_mutex_lock(&lock);
  int result = on_path(REAL(rmdir)(path), 'X', path);
  pthread_mutex_unlock(&lock);
  return result;
}
