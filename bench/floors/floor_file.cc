// floor-file PORT FILE: PUT receives a body on one thread, takes its SHA-256, writes and syncs it;
// GET reads and sends it.
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/types.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "floors/epoll_server.h"

namespace {

constexpr size_t kBlock = size_t{1024} * 1024;

void Put(int client, const std::string& path, std::string_view first, size_t length) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  EVP_DigestInit_ex(digest, EVP_sha256(), nullptr);
  std::vector<char> block(kBlock);
  size_t held = first.size();
  std::memcpy(block.data(), first.data(), held);
  size_t done = 0;
  while (done < length) {
    while (held < kBlock && done + held < length) {
      auto got =
          recv(client, block.data() + held, std::min(kBlock - held, length - done - held), 0);
      if (got <= 0) {
        return;
      }
      held += static_cast<size_t>(got);
    }
    EVP_DigestUpdate(digest, block.data(), held);
    if (auto put = write(file, block.data(), held); put < 0 || static_cast<size_t>(put) != held) {
      std::perror("floor_file");
      std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    done += held;
    held = 0;
  }
  unsigned char sum[32];
  EVP_DigestFinal_ex(digest, sum, nullptr);
  EVP_MD_CTX_free(digest);
  fdatasync(file);
  close(file);
  floors::Send(client, floors::Answer(""));
}

void Get(int client, const std::string& path) {
  int file = open(path.c_str(), O_RDONLY);
  struct stat info{};
  fstat(file, &info);
  floors::Send(client, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", info.st_size));
  std::vector<char> block(kBlock / 4);
  for (;;) {
    auto got = read(file, block.data(), block.size());
    if (got <= 0) {
      break;
    }
    floors::Send(client, std::string_view(block.data(), static_cast<size_t>(got)));
  }
  close(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: floor_file PORT FILE\n");
    return 2;
  }
  int listener = floors::Listen(static_cast<uint16_t>(std::atoi(argv[1])));
  for (;;) {
    int client = accept(listener, nullptr, nullptr);
    std::string buffer;
    std::array<char, kBlock / 64> chunk;
    for (;;) {
      auto got = recv(client, chunk.data(), chunk.size(), 0);
      if (got <= 0) {
        break;
      }
      buffer.append(chunk.data(), static_cast<size_t>(got));
      size_t head = buffer.find("\r\n\r\n");
      if (head == std::string::npos) {
        continue;
      }
      std::string_view rest = std::string_view(buffer).substr(head + 4);
      if (buffer.starts_with("PUT")) {
        Put(client, argv[2], rest,
            floors::ContentLength(std::string_view(buffer).substr(0, head + 4)));
      } else {
        Get(client, argv[2]);
      }
      buffer.clear();
    }
    close(client);
  }
}
