// floor-http PORT BYTES: answers every request with a body of BYTES bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "floors/epoll_server.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: floor_http PORT BYTES\n");
    return 2;
  }
  std::string answer = floors::Answer(std::string(static_cast<size_t>(std::atoll(argv[2])), 'x'));
  floors::Serve(static_cast<uint16_t>(std::atoi(argv[1])),
                [&](const std::vector<floors::Request>&) -> const std::string& { return answer; });
}
